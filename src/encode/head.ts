/** The projection from hidden states to token vectors, when it is not part of the graph. */
import type { DenseLayer } from './model.ts'

/**
 * Applies a chain of `act(W x + b) + r(x)` layers to every row.
 *
 * @param rows numRows × inFeatures of the first layer, row-major
 * @returns    numRows × outFeatures of the last layer, row-major
 */
export function applyHead(head: readonly DenseLayer[], rows: Float32Array): Float32Array {
  return head.reduce((input, layer) => applyLayer(layer, input), rows)
}

function applyLayer(layer: DenseLayer, input: Float32Array): Float32Array {
  const { inFeatures, outFeatures, weight, bias, residual } = layer
  const activate = ACTIVATIONS[layer.activation]
  const numRows = input.length / inFeatures
  const output = new Float32Array(numRows * outFeatures)
  for (let row = 0; row < numRows; row++) {
    const x = input.subarray(row * inFeatures, (row + 1) * inFeatures)
    for (let out = 0; out < outFeatures; out++) {
      const value = activate(dot(weight, out * inFeatures, x) + (bias?.[out] ?? 0))
      let kept = 0
      if (residual === 'identity') kept = x[out]!
      else if (residual) kept = dot(residual, out * inFeatures, x)
      output[row * outFeatures + out] = value + kept
    }
  }
  return output
}

function dot(weight: Float32Array, offset: number, x: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += weight[offset + i]! * x[i]!
  return sum
}

const ACTIVATIONS: Readonly<Record<DenseLayer['activation'], (x: number) => number>> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
}

/** Abramowitz and Stegun 7.1.26; off by at most 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return Math.sign(x) * (1 - series * Math.exp(-x * x))
}

/** Scales every row to unit length, in place; a row of zeros stays. */
export function normalizeRows(rows: Float32Array, dim: number): Float32Array {
  for (let offset = 0; offset < rows.length; offset += dim) {
    let sum = 0
    for (let i = 0; i < dim; i++) sum += rows[offset + i]! ** 2
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0
    for (let i = 0; i < dim; i++) rows[offset + i]! *= scale
  }
  return rows
}
