import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { type ModelBundle, readModelBundle } from '../encode/bundle.ts'
import { folderSource } from '../encode/folder.node.ts'
import { bundledModel } from '../encode/load.node.ts'
import { asLateenError, LateenError } from '../errors.ts'
import { jsonOption } from './arguments.ts'
import { type BackendCheck, checkBackends, checkFiles, checkTokens, type FileCheck } from './check-model.ts'
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

async function check(folder: string, everything: boolean, signal: AbortSignal) {
  const source = folderSource(folder)
  const files = await checkFiles(source)
  let bundle: ModelBundle
  try {
    bundle = await readModelBundle(source, { signal })
  } catch (error) {
    const { code, message } = asLateenError(error)
    return { ok: false, folder, files, error: { code, message } }
  }
  const { name, fingerprint, dim, queryLength, documentLength, weights } = bundle.spec
  const described = { folder, model: { name, fingerprint, dim, queryLength, documentLength, weights }, files }
  const goldens = everything ? checkTokens(bundle) : []
  const backends = everything ? await checkBackends(folder, signal) : []
  const error = firstFailure(folder, files, goldens, backends)
  return {
    ok: error === undefined,
    ...described,
    ...(everything ? { backends, goldens } : {}),
    ...(error ? { error } : {}),
  }
}

function firstFailure(
  folder: string,
  files: readonly FileCheck[],
  goldens: ReturnType<typeof checkTokens>,
  backends: readonly BackendCheck[],
) {
  const file = files.find(({ ok }) => ok === false)
  if (file?.error) return file.error
  const golden = goldens.find(({ ok }) => !ok)
  if (golden) {
    return {
      code: 'model-invalid' as const,
      message: `The tokenizer of ${folder} gives other token ids than reference.json for ${JSON.stringify(golden.text)}. Take both from one version of the model.`,
    }
  }
  return backends.find(({ ok }) => !ok)?.error
}

function text(checked: Awaited<ReturnType<typeof check>>): string {
  const verdict = (ok: boolean | null) => (ok === null ? '' : ok ? 'ok' : 'WRONG')
  const lines = [checked.folder]
  if ('model' in checked) {
    const { name, fingerprint, dim, queryLength, documentLength } = checked.model
    lines.push(
      `Model ${name}: ${dim} dimensions, queries of ${queryLength} and documents of ${documentLength} tokens, fingerprint ${fingerprint.slice(0, 12)}`,
    )
  }
  lines.push(
    'Files:',
    table(checked.files.map(({ path, bytes, ok }) => [path, formatBytes(bytes), verdict(ok)])),
  )
  if ('backends' in checked && checked.backends) {
    const cosine = ({ min_cosine }: BackendCheck) => (min_cosine === null ? '' : `min cosine ${min_cosine}`)
    lines.push('Backends:', table(checked.backends.map((it) => [it.backend, cosine(it), verdict(it.ok)])))
  }
  if ('goldens' in checked && checked.goldens) {
    const right = checked.goldens.filter(({ ok }) => ok).length
    lines.push(`Token ids: ${right} of ${checked.goldens.length} known texts as expected`)
  }
  return lines.join('\n')
}
