import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { filesOf, type HubServer, startHub } from '../../tools/hub-server.ts'
import { openBuildModel } from './build-model.node.ts'

let hub: HubServer
let store: string
beforeEach(async () => {
  hub = await startHub()
  store = mkdtempSync(join(tmpdir(), 'lateen-store-'))
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('LATEEN_MODELS', store)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  rmSync(store, { recursive: true, force: true })
  await hub.close()
})

test('a model of a Hub is stored with all that browsers load of it, and builds without the Hub afterwards', async () => {
  hub.publish('acme/colbert-tiny', filesOf('fixtures/tiny-model'))
  const model = await openBuildModel('hub:acme/colbert-tiny')
  expect(model.files).toContain('onnx/model.onnx')
  expect(model.files.filter((path) => !existsSync(join(model.folder, path)))).toEqual([])
  expect(model.warnings).toEqual([])
  hub.goAway(true)
  // Threads are told the folder.
  const thread = await openBuildModel(model.folder)
  expect(await thread.encoder.encodeDocuments(['hello'])).toHaveLength(1)
  await thread.dispose()
  expect((await openBuildModel('hub:acme/colbert-tiny')).warnings).toEqual([
    expect.stringContaining('as it was stored'),
  ])
})

test('of a transformer that holds the projection only the projection is fetched', async () => {
  hub.publish('acme/colbert', filesOf('fixtures/family/stanford-xlmr'))
  const model = await openBuildModel('hub:acme/colbert')
  expect(model.files).toContain('model.safetensors')
  const length = await model.readRange('model.safetensors', 0, 8)
  expect(length).toHaveLength(8)
  const asked = hub
    .takeRequests()
    .filter(({ path, host }) => host === 'hub' && path.endsWith('model.safetensors'))
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter(({ range }) => range === undefined)).toEqual([])
})

test('the bundled model has a name', async () => {
  const [named, bundled] = await Promise.all([openBuildModel('lateen-mini'), openBuildModel()])
  expect(named.folder).toBe(bundled.folder)
})

test('a base URL is no model to build a site from', async () => {
  await expect(openBuildModel(`${hub.url}/models/x/`)).rejects.toMatchObject({ code: 'bad-argument' })
})
