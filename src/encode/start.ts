/** One rung of the ladder: weights are read, a session is opened, and it has to pass its test. */

import { LateenError } from '../errors.ts'
import type { ModelBundle } from '../model/bundle.ts'
import type { ModelSpec, ModelWeights } from '../model/spec.ts'
import type { EncoderBackend } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { createEncoder } from './create.ts'
import type { Encoder } from './encoder.ts'
import { modelInput } from './input.ts'
import { checkMemory, type FileSizes, type MemoryLimit } from './memory.ts'
import { checkIds } from './self-test.ts'
import type { EncoderSession, Graph } from './session.ts'

export interface StartOptions {
  readonly bundle: ModelBundle
  readonly backend: EncoderBackend
  readonly weights: ModelWeights
  readonly limits: readonly MemoryLimit[]
  readonly signal?: AbortSignal | undefined
  /** The graph may still be on its way. */
  open(graph: Promise<Graph>): Promise<EncoderSession>
}

/**
 * @throws LateenError `model-too-large` before anything is read, as far as sizes are stated;
 *         `model-missing-file`, `model-invalid`, `model-unsupported`, `model-self-test-failed`, `network`,
 *         `aborted`
 */
export async function startEncoder(options: StartOptions): Promise<Encoder> {
  const { bundle, weights, signal } = options
  const { spec, tokenizer } = bundle
  const sizeOf = async (path: string) => (await bundle.size(path)) ?? 0
  const external = await Promise.all((weights.external ?? []).map(sizeOf))
  check(options, { graph: await sizeOf(weights.path), external: sum(external) })
  throwIfAborted(signal)
  const session = await options.open(readGraph(options).catch(rethrow))
  return createEncoder(session, spec, tokenizer, { weights, bytes: bundle.bytesRead() })
}

async function readGraph(options: StartOptions): Promise<Graph> {
  const { bundle, weights, signal } = options
  const [bytes, ...external] = await Promise.all([
    bundle.readWeights(weights, signal),
    ...(weights.external ?? []).map(async (path) => ({
      path: path.slice(path.lastIndexOf('/') + 1),
      data: await bundle.readFile(path, signal),
    })),
  ])
  check(options, { graph: bytes.length, external: sum(external.map(({ data }) => data.length)) })
  return { bytes, external, widths: widthsOf(bundle.spec) }
}

/** An engine has no bytes left for the file itself. */
function rethrow(cause: unknown): never {
  if (!(cause instanceof RangeError)) throw cause
  throw new LateenError(
    'model-too-large',
    `There is no memory to read the model into: ${cause.message}. Take smaller weights or a smaller model.`,
    { cause },
  )
}

function check({ bundle, weights, backend, limits }: StartOptions, sizes: FileSizes): void {
  checkMemory(weights, sizes, backend, bundle.spec, limits)
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)

/** A graph ends behind its head or before it. */
function widthsOf({ fullDim, head }: ModelSpec): number[] {
  return [fullDim, ...head.slice(0, 1).map(({ inFeatures }) => inFeatures)]
}

/**
 * Known texts must get their known ids, whatever weights come after: found out before any is read.
 *
 * @throws LateenError `model-self-test-failed`
 */
export function checkTokenizer({ spec, tokenizer }: Pick<ModelBundle, 'spec' | 'tokenizer'>): void {
  for (const golden of spec.goldens) {
    checkIds(golden, modelInput(spec, tokenizer, golden.text, golden.kind).ids)
  }
}
