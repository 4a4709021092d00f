/** `lateen model show` and `check`: what a model is, and whether it is what it should be. */
import type { Command } from 'commander'
import { namedModel } from '../encode/load.node.ts'
import { asLateenError, LateenError } from '../errors.ts'
import { formatHubAddress } from '../model/address.ts'
import { type ModelBundle, readModelBundle } from '../model/bundle.ts'
import type { Dtype } from '../model/dtype.ts'
import { nodeModelSource } from '../model/source.node.ts'
import type { ModelSpec } from '../model/spec.ts'
import { readModelFiles } from '../search/model-files.ts'
import { dtypeOption, jsonOption } from './arguments.ts'
import {
  type BackendCheck,
  checkBackends,
  checkFiles,
  checkTokens,
  type Failure,
  type FileCheck,
  type TokenCheck,
} from './check-model.ts'
import { createOutput, formatBytes, type Output, printFailure, table, warn } from './output.ts'
import { PUBLISHED_SCORES } from './published-scores.ts'

interface Options {
  readonly check?: boolean
  readonly dtype?: Dtype
  readonly scoresOf?: string
  readonly json?: boolean
}

const MODEL = 'folder or URL of a model, hub:owner/name[@revision], or lateen-mini for the bundled one'

export function addShowCommand(model: Command, signal: AbortSignal): void {
  model
    .command('show', { isDefault: true })
    .description('Describe a model; of a Hub only its small files are fetched')
    .argument('<dir-or-id>', MODEL)
    .option('--check', 'as lateen model check does')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json: {"ok", "folder", "model": {name, fingerprint, dim, queryLength, documentLength, weights},
"files": [{path, bytes, ok}], "error"?}, and with --check what lateen model check adds. "ok" of a file is null
when nobody states its hash.

Examples:
  $ lateen model show lateen-mini
  $ lateen model public/models/my-model --check --json`,
    )
    .action((name: string, options: Options) => run(name, options, signal))
}

export function addCheckCommand(model: Command, signal: AbortSignal): void {
  model
    .command('check')
    .description(
      'Check a model on every backend of this machine: files, token ids, vectors, published scores',
    )
    .argument('<dir-or-id>', MODEL)
    .addOption(dtypeOption())
    .option('--scores-of <id>', 'compare with the scores published for this model (default: those of its id)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Files are compared with their hashes, token ids and vectors with the known answers of the bundle, and MaxSim
scores with those published for its id: within 0.001 and a thousandth of the score for fp32 weights; for others the
difference is reported.

With --json: as of lateen model show, and "backends": [{backend, dtype, ok, min_cosine, published?: {scores,
max_difference, ok}, error?}], "goldens": [{kind, text, ok}], "published": {id, scores} or null. min_cosine is null
when the bundle brings no known answers, "ok" of published scores when the weights are not fp32.

Examples:
  $ lateen model check lateen-mini
  $ lateen model check hub:owner/name --dtype fp32
  $ lateen model check models/my-export --scores-of owner/name --json`,
    )
    .action((name: string, options: Options) => run(name, { ...options, check: true }, signal))
}

async function run(name: string, options: Options, signal: AbortSignal): Promise<void> {
  const output = createOutput(options)
  const checked = await check(name, options, output, signal)
  output.result(checked, () => text(checked))
  if (!checked.error) return
  printFailure(new LateenError(checked.error.code, checked.error.message), false)
  process.exitCode = 1
}

interface Published {
  readonly id: string
  readonly scores: readonly number[]
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
  readonly published?: Published | null
  /** The first thing that is wrong. */
  readonly error?: Failure
}

async function check(
  name: string,
  { check: everything = false, dtype, scoresOf }: Options,
  { onProgress }: Output,
  signal: AbortSignal,
): Promise<ModelCheck> {
  const address = namedModel(name)
  const source = await nodeModelSource(address, { signal, onFallback: ({ message }) => warn(message) })
  const published = everything ? findPublished(scoresOf ?? source.listing?.id, scoresOf !== undefined) : null
  const folder = source.folder ?? source.location
  let bundle: ModelBundle
  try {
    bundle = await readModelBundle(source, { signal, onProgress })
    if (everything) await readModelFiles((path) => bundle.readFile(path, signal), bundle.spec)
  } catch (error) {
    const { code, message } = asLateenError(error)
    if (['aborted', 'network', 'model-gated'].includes(code)) throw error
    return { ok: false, folder, files: await checkFiles(source), error: { code, message } }
  }
  const { name: modelName, fingerprint, dim, queryLength, documentLength, weights } = bundle.spec
  const model = { name: modelName, fingerprint, dim, queryLength, documentLength, weights }
  // Loading it from the Hub stores its weights, which are then among the files. What is pinned already may come
  // from another Hub than the one that is set.
  const { listing } = source
  const isMoving = listing && listing.revision !== listing.commit
  const pinned = isMoving ? formatHubAddress({ ...listing, revision: listing.commit }) : address
  const known = everything
    ? {
        backends: await checkBackends(pinned, { dtype, published: published?.scores, signal }),
        goldens: checkTokens(bundle),
      }
    : { backends: [], goldens: [] }
  // Under what it was asked for, too.
  if (known.backends.some(({ ok }) => ok)) await source.complete()
  const files = await checkFiles(source)
  const error = firstFailure(folder, files, known.goldens, known.backends)
  return {
    ok: error === undefined,
    folder,
    model,
    files,
    ...(everything ? { ...known, published } : {}),
    ...(error ? { error } : {}),
  }
}

function findPublished(id: string | undefined, isAsked: boolean): Published | null {
  const scores = id === undefined ? undefined : PUBLISHED_SCORES[id]
  if (id !== undefined && scores) return { id, scores }
  if (!isAsked) return null
  throw new LateenError(
    'bad-argument',
    `No scores are published for ${id}. They are for ${Object.keys(PUBLISHED_SCORES).join(', ')}.`,
  )
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

const verdict = (ok: boolean | null) => (ok === null ? '' : ok ? 'ok' : 'WRONG')

function text(checked: ModelCheck): string {
  const { folder, model, files } = checked
  const lines = [folder]
  if (model) {
    const { name, fingerprint, dim, queryLength, documentLength, weights } = model
    lines.push(
      `Model ${name}: ${dim} dimensions, queries of ${queryLength} and documents of ${documentLength} tokens, fingerprint ${fingerprint.slice(0, 12)}`,
      `Weights: ${weights.map(({ dtype, path }) => `${dtype} (${path})`).join(', ')}`,
    )
  }
  if (files.length > 0) {
    lines.push('Files:', table(files.map(({ path, bytes, ok }) => [path, formatBytes(bytes), verdict(ok)])))
  }
  return [...lines, ...answers(checked)].join('\n')
}

function answers({ backends = [], goldens, published }: ModelCheck): string[] {
  const lines: string[] = []
  const cosine = ({ min_cosine }: BackendCheck) => (min_cosine === null ? '' : `min cosine ${min_cosine}`)
  if (backends.length > 0) {
    const rows = backends.map((it) => [it.backend, it.dtype ?? '', cosine(it), verdict(it.ok)])
    lines.push('Backends:', table(rows))
  }
  if (goldens) {
    const right = goldens.filter(({ ok }) => ok).length
    lines.push(`Token ids: ${right} of ${goldens.length} known texts as expected`)
  }
  if (published === null) lines.push('Published scores: none are known for this model, nothing was compared')
  for (const { backend, published: found } of published ? backends : []) {
    if (!found) continue
    const about = found.ok === null ? 'not fp32, for information' : verdict(found.ok)
    lines.push(
      `Published scores of ${published!.id} on ${backend}: differ by ${found.max_difference} at most (${about})`,
    )
  }
  return lines
}
