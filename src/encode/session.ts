/** The small port behind which ONNX Runtime runs a graph. */
import type { EncoderBackend } from '../types.ts'
import type { BatchInput } from './batch.ts'

/** A graph as it is read from a bundle. */
export interface Graph {
  readonly bytes: Uint8Array
  readonly external?: readonly ExternalData[]
  /** Widths a token may have in its output, to tell outputs apart. */
  readonly widths?: readonly number[]
}

/** Tensors that a graph names by file. */
export interface ExternalData {
  /** As the graph has it: relative to itself. */
  readonly path: string
  readonly data: Uint8Array
}

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
