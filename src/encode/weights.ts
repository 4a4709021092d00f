/** The ONNX files of a bundle: where they are looked for, and which one suits a backend. */
import { LateenError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import type { BundleFiles } from './bundle-files.ts'
import type { ModelSpec, ModelWeights, WeightsType } from './model.ts'
import type { ModelSource } from './source.ts'

const PREFERENCE: Readonly<Record<EncoderBackend, readonly WeightsType[]>> = {
  // Dynamically quantised products run on the CPU there, with a copy back and forth for each.
  webgpu: ['q8-matmulnbits', 'fp32', 'fp16', 'q8'],
  wasm: ['q8', 'q8-matmulnbits', 'fp32', 'fp16'],
  node: ['q8', 'q8-matmulnbits', 'fp32', 'fp16'],
}

/** The weights of a model that suit a backend best. */
export function weightsFor(spec: ModelSpec, backend: EncoderBackend): ModelWeights {
  for (const dtype of PREFERENCE[backend]) {
    const found = spec.weights.find((weights) => weights.dtype === dtype)
    if (found) return found
  }
  throw new LateenError('model-missing-file', `The model ${spec.name} has no ONNX file.`)
}

/**
 * Where weights are looked for. The first that exists is the reference variant: its hash is part of
 * the fingerprint, so that every backend of one bundle has the same, whichever file it loads.
 */
const WEIGHTS: readonly (readonly [path: string, dtype: WeightsType])[] = [
  ['onnx/model_quantized.onnx', 'q8'],
  ['onnx/model_int8.onnx', 'q8'],
  ['model_int8.onnx', 'q8'],
  ['onnx/model_matmulnbits.onnx', 'q8-matmulnbits'],
  ['onnx/model.onnx', 'fp32'],
  ['model.onnx', 'fp32'],
  ['onnx/model_fp16.onnx', 'fp16'],
]

export async function findWeights(files: BundleFiles, source: ModelSource): Promise<ModelWeights[]> {
  const found = await Promise.all(
    WEIGHTS.map(async ([path, dtype]) => ((await files.has(path)) ? [{ path, dtype }] : [])),
  )
  const weights = found.flat()
  if (weights.length > 0) return weights
  throw new LateenError(
    'model-missing-file',
    `The model at ${source.location} has no ONNX file; looked for ${WEIGHTS.map(([path]) => path).join(', ')}. Export the model to ONNX first.`,
  )
}
