/** An encoder session over any build of ONNX Runtime; which build is the caller's choice. */
import { LateenError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import type { BatchInput } from './batch.ts'
import { feedsFor, type GraphValue, outputFor, toFloats, widthOf } from './graph-io.ts'
import type { EncoderSession, GpuOutput } from './session.ts'

/** What is used of ONNX Runtime: its builds agree on this much. */
export interface OnnxRuntime {
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => OnnxTensor
}

export interface OnnxTensor {
  readonly dims: readonly number[]
  readonly type: string
  readonly gpuBuffer?: unknown
  getData(): Promise<unknown>
  dispose(): void
}

export interface OnnxSession {
  readonly inputMetadata: readonly GraphValue[]
  readonly outputMetadata: readonly GraphValue[]
  run(feeds: Record<string, OnnxTensor>, fetches: readonly string[]): Promise<Record<string, OnnxTensor>>
  release(): Promise<void>
}

export interface OnnxGpu {
  readonly device: unknown
  /** Rejects with `gpu-lost` when the device goes away; never resolves. */
  readonly lost: Promise<never>
}

/** Log level: warnings about graphs that run well are nothing a caller can act on. */
export const ERRORS_ONLY = 3

/**
 * @param widths see {@link Graph}
 * @param gpu    set when outputs stay on this device
 * @throws LateenError `model-unsupported` when the graph takes or gives something else than token vectors need
 */
export function onnxSession(
  runtime: OnnxRuntime,
  session: OnnxSession,
  backend: EncoderBackend,
  widths?: readonly number[],
  gpu?: OnnxGpu,
): EncoderSession {
  const { feeds, output } = usedOf(session, widths)
  let closed = false
  let queue: Promise<unknown> = Promise.resolve()

  let lost: unknown
  let onLost: ((error: unknown) => void) | undefined
  gpu?.lost.catch((error: unknown) => {
    lost = error
    onLost?.(error)
  })

  /** A lost device may leave a run waiting forever. */
  function orLost<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      onLost = reject
      if (lost) reject(lost)
      else work().then(resolve, reject)
    })
  }

  /** One run at a time: the WebAssembly builds are not reentrant. */
  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(() => {
      if (closed) throw new LateenError('closed', 'The encoder was disposed. Load it again.')
      return orLost(work)
    })
    queue = result.catch(() => undefined)
    return result
  }

  async function forward(input: BatchInput): Promise<{ tensor: OnnxTensor; width: number }> {
    const dims = [input.batch, input.seq]
    const tensors = feeds.map(({ name, type, values }) => [
      name,
      // One signature of many is enough here.
      new runtime.Tensor(type as 'int64', values(input) as BigInt64Array, dims),
    ])
    const outputs = await session.run(Object.fromEntries(tensors), [output.name]).catch((error) => {
      throw failedRun(error, input)
    })
    const tensor = outputs[output.name]!
    return { tensor, width: widthOf(tensor.dims, input, tensor.type) }
  }

  async function onGpu(input: BatchInput): Promise<GpuOutput> {
    const { tensor, width } = await forward(input)
    return {
      device: gpu!.device,
      buffer: tensor.gpuBuffer,
      width,
      read: () => enqueue(async () => new Float32Array((await tensor.getData()) as Float32Array)),
      dispose: () => tensor.dispose(),
    }
  }

  return {
    backend,
    run: (input) =>
      enqueue(async () => {
        const { tensor, width } = await forward(input)
        const data = toFloats(await tensor.getData())
        tensor.dispose()
        return { data, width }
      }),
    // Who reads from the GPU reads float32.
    ...(gpu && output.type !== 'float16'
      ? { runOnGpu: (input: BatchInput) => enqueue(() => onGpu(input)) }
      : {}),
    async dispose() {
      if (closed) return
      closed = true
      await queue
      // There is nothing left to release, and waiting for it may never end.
      if (!lost) await session.release()
    },
  }
}

function usedOf(session: OnnxSession, widths: readonly number[] | undefined) {
  try {
    return { feeds: feedsFor(session.inputMetadata), output: outputFor(session.outputMetadata, widths) }
  } catch (error) {
    // It holds all weights, and nobody will run it.
    session.release().catch(() => undefined)
    throw error
  }
}

/** What a runtime threw while it opened a graph, under the code that says what it means. */
export function unusable(runtime: string, error: unknown): LateenError {
  if (error instanceof LateenError) return error
  const reason = reasonOf(error)
  if (OUT_OF_MEMORY.test(reason)) {
    return new LateenError(
      'model-too-large',
      `${runtime} has no memory for the model: ${reason} Take smaller weights or a smaller model.`,
      { cause: error },
    )
  }
  if (DAMAGED.test(reason)) {
    return new LateenError(
      'model-invalid',
      `The ONNX file is damaged or none at all: ${reason} Copy the model again.`,
      { cause: error },
    )
  }
  if (BESIDE.test(reason)) {
    return new LateenError(
      'model-missing-file',
      `The ONNX file keeps its tensors in another one that is not there: ${reason} Copy that one beside it too, as <file>.onnx_data or <file>.onnx.data.`,
      { cause: error },
    )
  }
  return new LateenError('model-unsupported', `${runtime} cannot run the model: ${reason}`, { cause: error })
}

/** The same of a run: that a text is too long for a graph, or for the memory, shows only then. */
export function failedRun(error: unknown, { batch, seq }: Pick<BatchInput, 'batch' | 'seq'>): LateenError {
  if (error instanceof LateenError) return error
  const reason = reasonOf(error)
  const texts = `${batch === 1 ? 'a text' : `${batch} texts`} of ${seq} tokens`
  const advice = 'set a smaller length of queries or documents in the settings of the model.'
  return OUT_OF_MEMORY.test(reason)
    ? new LateenError(
        'model-too-large',
        `There is no memory to run the model on ${texts}: ${reason} Take smaller weights, or ${advice}`,
        { cause: error },
      )
    : new LateenError(
        'model-unsupported',
        `The model cannot be run on ${texts}: ${reason} If that is more than its graph was made for, ${advice}`,
        { cause: error },
      )
}

/** What a runtime says, as a sentence. */
function reasonOf(error: unknown): string {
  const reason = (error instanceof Error ? error.message : String(error)).trim()
  return reason.endsWith('.') ? reason : `${reason}.`
}

const OUT_OF_MEMORY =
  /bad_alloc|out of memory|\bOOM\b|allocation failed|failed to allocate|SafeIntOnOverflow/i
const DAMAGED = /protobuf parsing failed|no graph was found|data pointer is null|(are|:) out of bounds/i
const BESIDE = /external data/i
