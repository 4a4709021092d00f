import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { type ModelBundle, readModelBundle } from '../encode/bundle.ts'
import { folderSource } from '../encode/folder.node.ts'
import { bundledModel } from '../encode/load.node.ts'
import type { ModelSpec } from '../encode/model.ts'
import { asLateenError, LateenError } from '../errors.ts'
import { jsonOption } from './arguments.ts'
import {
  type BackendCheck,
  checkBackends,
  checkFiles,
  checkTokens,
  type Failure,
  type FileCheck,
  type TokenCheck,
} from './check-model.ts'
import { createOutput, formatBytes, printFailure, table } from './output.ts'

interface Options {
  readonly check?: boolean
  readonly json?: boolean
}

export function addModelCommand(program: Command, signal: AbortSignal): void {
  program
    .command('model')
    .description('Describe a model bundle, and check it on every backend of this machine')
    .argument('<dir-or-id>', 'folder of a model bundle, or lateen-mini for the bundled one')
    .option('--check', 'compare files with their hashes, and token ids and vectors with the known answers')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json: {"ok", "folder", "model": {name, fingerprint, dim, queryLength, documentLength, weights},
"files": [{path, bytes, ok}], "backends": [{backend, ok, min_cosine, error?}],
"goldens": [{kind, text, ok}], "error"?}. "ok" of a file is null when the bundle does not state its hash,
min_cosine null when it brings no known answers. The last three need --check.

Examples:
  $ lateen model lateen-mini --check
  $ lateen model public/models/my-model --check --json`,
    )
    .action(async (name: string, options: Options) => {
      const output = createOutput(options)
      const folder = await findModel(name)
      const checked = await check(folder, options.check ?? false, signal)
      output.result(checked, () => text(checked))
      if (checked.error) {
        printFailure(new LateenError(checked.error.code, checked.error.message), false)
        process.exitCode = 1
      }
    })
}

async function findModel(name: string): Promise<string> {
  if ((await stat(name).catch(() => undefined))?.isDirectory()) return name
  if (name === 'lateen-mini') return bundledModel()
  throw new LateenError(
    'bad-argument',
    `Expected the folder of a model or lateen-mini, found nothing at ${name}.`,
  )
}

interface ModelCheck {
  readonly ok: boolean
  readonly folder: string
  /** Absent when the bundle cannot be read. */
  readonly model?: Pick<
    ModelSpec,
    'name' | 'fingerprint' | 'dim' | 'queryLength' | 'documentLength' | 'weights'
  >
  readonly files: readonly FileCheck[]
  readonly backends?: readonly BackendCheck[]
  readonly goldens?: readonly TokenCheck[]
  /** The first thing that is wrong. */
  readonly error?: Failure
}

async function check(folder: string, everything: boolean, signal: AbortSignal): Promise<ModelCheck> {
  const source = folderSource(folder)
  const files = await checkFiles(source)
  let bundle: ModelBundle
  try {
    bundle = await readModelBundle(source, { signal })
  } catch (error) {
    const { code, message } = asLateenError(error)
    if (code === 'aborted') throw error
    return { ok: false, folder, files, error: { code, message } }
  }
  const { name, fingerprint, dim, queryLength, documentLength, weights } = bundle.spec
  const model = { name, fingerprint, dim, queryLength, documentLength, weights }
  const known = everything
    ? { backends: await checkBackends(folder, signal), goldens: checkTokens(bundle) }
    : { backends: [], goldens: [] }
  const error = firstFailure(folder, files, known.goldens, known.backends)
  return {
    ok: error === undefined,
    folder,
    model,
    files,
    ...(everything ? known : {}),
    ...(error ? { error } : {}),
  }
}

function firstFailure(
  folder: string,
  files: readonly FileCheck[],
  goldens: readonly TokenCheck[],
  backends: readonly BackendCheck[],
): Failure | undefined {
  const golden = goldens.find(({ ok }) => !ok)
  return (
    files.find(({ error }) => error)?.error ??
    (golden && {
      code: 'model-invalid',
      message: `The tokenizer of ${folder} gives other token ids than reference.json for ${JSON.stringify(golden.text)}. Take both from one version of the model.`,
    }) ??
    backends.find(({ error }) => error)?.error
  )
}

function text({ folder, model, files, backends, goldens }: ModelCheck): string {
  const verdict = (ok: boolean | null) => (ok === null ? '' : ok ? 'ok' : 'WRONG')
  const lines = [folder]
  if (model) {
    const { name, fingerprint, dim, queryLength, documentLength } = model
    lines.push(
      `Model ${name}: ${dim} dimensions, queries of ${queryLength} and documents of ${documentLength} tokens, fingerprint ${fingerprint.slice(0, 12)}`,
    )
  }
  lines.push('Files:', table(files.map(({ path, bytes, ok }) => [path, formatBytes(bytes), verdict(ok)])))
  if (backends) {
    const cosine = ({ min_cosine }: BackendCheck) => (min_cosine === null ? '' : `min cosine ${min_cosine}`)
    lines.push('Backends:', table(backends.map((it) => [it.backend, cosine(it), verdict(it.ok)])))
  }
  if (goldens) {
    const right = goldens.filter(({ ok }) => ok).length
    lines.push(`Token ids: ${right} of ${goldens.length} known texts as expected`)
  }
  return lines.join('\n')
}
