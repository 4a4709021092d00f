/** An encoder session over any build of ONNX Runtime; which build is the caller's choice. */
import { LateenError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import type { BatchInput } from './batch.ts'
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
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
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

/** Names under which exporters store the vectors of all tokens, best first; else the first output. */
const OUTPUT_NAMES = ['token_embeddings', 'contextual', 'last_hidden_state']

/**
 * @param gpu set when outputs stay on this device
 * @throws LateenError `model-unsupported` when the graph asks for inputs that are not known
 */
export function onnxSession(
  runtime: OnnxRuntime,
  session: OnnxSession,
  backend: EncoderBackend,
  gpu?: OnnxGpu,
): EncoderSession {
  const unknown = session.inputNames.filter((name) => !(name in FEEDS))
  if (unknown.length > 0) {
    throw new LateenError(
      'model-unsupported',
      `The ONNX graph asks for ${unknown.join(', ')}; ${Object.keys(FEEDS).join(', ')} are known. Export it as a text encoder.`,
    )
  }
  const output = OUTPUT_NAMES.find((name) => session.outputNames.includes(name)) ?? session.outputNames[0]!
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

  async function forward(input: BatchInput): Promise<OnnxTensor> {
    const dims = [input.batch, input.seq]
    const feeds = Object.fromEntries(
      session.inputNames.map((name) => [name, new runtime.Tensor('int64', FEEDS[name]!(input), dims)]),
    )
    const outputs = await session.run(feeds, [output])
    const tensor = outputs[output]!
    if (tensor.type === 'float32' && tensor.dims.length === 3) return tensor
    throw new LateenError(
      'model-unsupported',
      `The ONNX graph should give float32 [batch, tokens, width], found ${tensor.type} [${tensor.dims.join(', ')}].`,
    )
  }

  async function onGpu(input: BatchInput): Promise<GpuOutput> {
    const tensor = await forward(input)
    return {
      device: gpu!.device,
      buffer: tensor.gpuBuffer,
      width: tensor.dims[2]!,
      read: () => enqueue(async () => new Float32Array((await tensor.getData()) as Float32Array)),
      dispose: () => tensor.dispose(),
    }
  }

  return {
    backend,
    run: (input) =>
      enqueue(async () => {
        const tensor = await forward(input)
        const data = (await tensor.getData()) as Float32Array
        tensor.dispose()
        return { data, width: tensor.dims[2]! }
      }),
    ...(gpu ? { runOnGpu: (input: BatchInput) => enqueue(() => onGpu(input)) } : {}),
    async dispose() {
      if (closed) return
      closed = true
      await queue
      // There is nothing left to release, and waiting for it may never end.
      if (!lost) await session.release()
    },
  }
}

const FEEDS: Readonly<Record<string, (input: BatchInput) => BigInt64Array>> = {
  input_ids: ({ ids }) => BigInt64Array.from(ids, BigInt),
  attention_mask: ({ attention }) => BigInt64Array.from(attention, BigInt),
  token_type_ids: ({ ids }) => new BigInt64Array(ids.length),
}

/** What a runtime threw while it opened a graph. */
export function unusable(runtime: string, error: unknown): LateenError {
  if (error instanceof LateenError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new LateenError('model-unsupported', `${runtime} cannot run the model: ${reason}`, { cause: error })
}
