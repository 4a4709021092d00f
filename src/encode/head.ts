/** The projection from hidden states to token vectors, when it is not part of the graph. */
import type { Activation, DenseLayer } from '../model/spec.ts'

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

const softplus = (x: number) => (x > 20 ? x : Math.log1p(Math.exp(x)))

/** As PyTorch defines them, with the parameters it assumes. */
const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  'leaky-relu': (x) => (x < 0 ? 0.01 * x : x),
  elu: (x) => (x < 0 ? Math.expm1(x) : x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  softplus,
  mish: (x) => x * Math.tanh(softplus(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  'gelu-tanh': (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
}

/** Beyond it, erf is 1 in double precision. */
const ERF_LIMIT = 6

/**
 * The error function, exact to 1e-14: the series of Abramowitz and Stegun 7.1.6, whose terms are all of
 * one sign and lose nothing to each other.
 */
export function erf(x: number): number {
  if (Math.abs(x) >= ERF_LIMIT) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return ((2 * sum) / Math.sqrt(Math.PI)) * Math.exp(-x * x)
}
