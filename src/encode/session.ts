/** The small port behind which ONNX Runtime runs a graph. */
import type { EncoderBackend } from '../types.ts'
import type { BatchInput } from './batch.ts'

export interface EncoderSession {
  readonly backend: EncoderBackend
  /** Runs wait for one another. Fails with `gpu-lost`, `closed`. */
  run(input: BatchInput): Promise<SessionOutput>
  /** Like `run`, with the output left on the GPU. */
  runOnGpu?(input: BatchInput): Promise<GpuOutput>
  dispose(): Promise<void>
}

export interface SessionOutput {
  /** batch × seq × width, row-major. */
  readonly data: Float32Array
  /** Values per token. */
  readonly width: number
}

export interface GpuOutput {
  readonly device: unknown
  /** A GPUBuffer; it may be larger than the output. */
  readonly buffer: unknown
  readonly width: number
  read(): Promise<Float32Array>
  dispose(): void
}
