/** Whether a device can hold a model: asked before megabytes are fetched for nothing. */
import { LateenError } from '../errors.ts'
import type { ModelSpec, ModelWeights } from '../model/spec.ts'
import type { EncoderBackend } from '../types.ts'

/** Memory of which there is no more than so many bytes. */
export interface MemoryLimit {
  readonly bytes: number
  /** E.g. `this device has`. */
  readonly what: string
  /** True for what lies in the memory of WebAssembly only. */
  readonly isHeap?: boolean
}

/** What a 32-bit WebAssembly module can address. */
export const WASM_LIMIT: MemoryLimit = { bytes: 2 ** 32, what: 'WebAssembly can address', isHeap: true }

/** Bytes of an ONNX file, and of the files with tensors beside it. */
export interface FileSizes {
  readonly graph: number
  readonly external: number
}

/**
 * Bytes per byte of a file that are certainly taken while a session opens: the file as it was read, and in
 * the memory of WebAssembly a copy of it and the tensors made of that. Measured with the unquantised
 * lateen-mini, 29 MB in one file: WebAssembly grew by 2.8 times that in Node and 2.4 in Chromium, the build
 * for WebGPU by 3.4, with another 2.0 on the GPU; a process by 4.1 with the native build, by 5.7 with
 * WebAssembly. Tensors beside the graph go where they belong without a copy.
 */
const FACTORS: Readonly<Record<EncoderBackend, { readonly heap: FileSizes; readonly all: FileSizes }>> = {
  wasm: { heap: { graph: 2, external: 1 }, all: { graph: 3, external: 2 } },
  webgpu: { heap: { graph: 2, external: 0 }, all: { graph: 3, external: 1 } },
  node: { heap: { graph: 0, external: 0 }, all: { graph: 2, external: 1 } },
}

/** Float32 rows that live at the same time in a layer: hidden states, queries, keys, values, a feed-forward of four. */
const ROWS_PER_TOKEN = 9

/**
 * Bounds from below: a model that would work is never refused.
 *
 * @throws LateenError `model-too-large`
 */
export function checkMemory(
  { path, dtype }: ModelWeights,
  { graph, external }: FileSizes,
  backend: EncoderBackend,
  spec: Pick<ModelSpec, 'head' | 'fullDim' | 'documentLength'>,
  limits: readonly MemoryLimit[],
): void {
  const width = spec.head[0]?.inFeatures ?? spec.fullDim
  const activations = spec.documentLength * width * 4 * ROWS_PER_TOKEN
  const { heap, all } = FACTORS[backend]
  for (const { bytes, what, isHeap } of limits) {
    const factors = isHeap ? heap : all
    const needed = graph * factors.graph + external * factors.external + activations
    if (needed <= bytes) continue
    throw new LateenError(
      'model-too-large',
      `The model needs about ${megabytes(needed)} of memory for ${path} (${dtype}, ${megabytes(graph + external)}), and ${what} ${megabytes(bytes)}. Take smaller weights, such as q8 or q4, or a smaller model.`,
    )
  }
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`
