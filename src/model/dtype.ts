/** The names under which weights are asked for, and what follows from them. */
import type { WeightsType } from './spec.ts'

/** `auto` is what suits each backend best; `q8` is `int8` or `uint8` too, where a model has only those. */
export type Dtype = 'auto' | WeightsType

export const DTYPES: readonly Dtype[] = [
  'auto',
  'fp32',
  'fp16',
  'q8',
  'int8',
  'uint8',
  'q8-matmulnbits',
  'q4',
  'q4f16',
  'bnb4',
]

const DYNAMIC: readonly Dtype[] = ['q8', 'int8', 'uint8']

/** True where the scale of activations is taken from a whole batch: such texts are encoded one by one. */
export const quantizesActivations = (dtype: WeightsType): boolean => DYNAMIC.includes(dtype)

/** True where a GPU needs 16-bit floats in its shaders. */
export const needsHalfFloats = (dtype: WeightsType): boolean => dtype === 'fp16' || dtype === 'q4f16'

export function isWanted(wanted: Dtype, dtype: WeightsType): boolean {
  return wanted === 'auto' || wanted === dtype || (wanted === 'q8' && quantizesActivations(dtype))
}
