import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openBuildModel } from '../build/build-model.node.ts'
import { readModelBundle } from '../model/bundle.ts'
import { folderSource } from '../model/folder.node.ts'
import { MODEL_FOLDER, modelOutput } from './model-output.node.ts'

const BESIDE = fileURLToPath(new URL('../../fixtures/family/stanford-bert-beside', import.meta.url))

test('of weights that hold the projection, a site gets the projection alone, and the same model', async () => {
  const out = mkdtempSync(join(tmpdir(), 'lateen-'))
  onTestFinished(() => rmSync(out, { recursive: true }))
  const model = await openBuildModel(BESIDE)
  const outputs = await modelOutput(model, out)
  for (const { path, bytes } of outputs) {
    mkdirSync(dirname(join(out, path)), { recursive: true })
    writeFileSync(join(out, path), bytes)
  }
  const { spec } = await readModelBundle(folderSource(join(out, MODEL_FOLDER)))
  expect(spec.fingerprint).toBe(model.encoder.spec.fingerprint)
  const [head] = spec.head
  const weights = outputs.find(({ path }) => path.startsWith(`${MODEL_FOLDER}/model.safetensors`))!
  expect(weights.bytes.length).toBeLessThan(4 * head!.weight.length + 200)
})
