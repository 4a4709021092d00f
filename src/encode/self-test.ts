/**
 * The known-answer test. A backend that computes wrong vectors without an error is the failure nobody
 * notices, so no session is used before it has answered known texts.
 */
import { LateenError } from '../errors.ts'
import type { Golden, TextKind, WeightsType } from '../model/spec.ts'
import type { SelfTestResult } from './encoder.ts'

/**
 * The smallest cosine of a token vector to its known one. Each bound leaves room below what that storage
 * costs and lies far above what wrong kernels give, which is anything from -1 to 0.93.
 */
const MIN_COSINE: Readonly<Record<WeightsType, number>> = {
  // Kernels differ in the order of their sums only: 1 - 1e-6.
  fp32: 0.9999,
  // Ten bits of fraction, in sums too on a GPU: 0.9999.
  fp16: 0.999,
  // A scale per row or block: 0.9995. With activations in 8 bits as well: 0.9988; sums that saturate give 0.91.
  'q8-matmulnbits': 0.998,
  q8: 0.998,
  int8: 0.998,
  uint8: 0.998,
  // Sixteen levels: 0.995 for trained weights. An attention that is wrong on some GPUs gave 0.93.
  q4: 0.95,
  q4f16: 0.95,
  bnb4: 0.95,
}

/** All rows of one text, before the skiplist. */
export interface TestedText {
  readonly ids: Int32Array
  /** numTokens × dim, row-major. */
  readonly vectors: Float32Array
}

/** Asked of models that bring no known answers: nothing is known of them but that vectors are numbers. */
const PROBE = 'What does this text say?'

/**
 * @throws LateenError `model-self-test-failed`, saying what differed
 */
export async function runSelfTest(
  goldens: readonly Golden[],
  dtype: WeightsType,
  encode: (text: string, kind: TextKind) => Promise<TestedText>,
): Promise<SelfTestResult> {
  if (goldens.length === 0) {
    for (const kind of ['query', 'document'] as const) checkNumbers(PROBE, await encode(PROBE, kind))
    return { passed: true, verified: false, minCosine: Number.NaN }
  }
  let minCosine = 1
  for (const golden of goldens) {
    const tested = await encode(golden.text, golden.kind)
    checkIds(golden, tested.ids)
    checkNumbers(golden.text, tested)
    const cosine = lowestCosine(golden, tested.vectors)
    // Where a known vector has no length there is no cosine, and nothing is known.
    if (!(cosine >= MIN_COSINE[dtype])) {
      throw failed(
        golden.text,
        `the cosine to the known vectors should be at least ${MIN_COSINE[dtype]}, found ${cosine.toFixed(4)}`,
      )
    }
    minCosine = Math.min(minCosine, cosine)
  }
  return { passed: true, verified: true, minCosine }
}

/** @throws LateenError `model-self-test-failed` unless the ids of a known text are the known ones */
export function checkIds({ text, ids }: Golden, found: Int32Array): void {
  if (`${found}` === `${ids}`) return
  throw new LateenError(
    'model-self-test-failed',
    `The tokenizer gives other tokens than the model was made with: for ${JSON.stringify(text)} the token ids should be ${ids.join(' ')}, found ${found.join(' ')}. Copy all files of the model from one version.`,
  )
}

function checkNumbers(text: string, { ids, vectors }: TestedText): void {
  const dim = vectors.length / ids.length
  for (let row = 0; row < ids.length; row++) {
    let sum = 0
    for (let i = 0; i < dim; i++) sum += vectors[row * dim + i]! ** 2
    // Catches NaN and infinities, and rows of zeros that normalising leaves.
    if (!(Math.abs(sum - 1) < 1e-3)) {
      throw failed(text, `token ${row} should have a vector of length 1, found ${Math.sqrt(sum)}`)
    }
  }
}

function lowestCosine({ ids, vectors: known }: Golden, vectors: Float32Array): number {
  const dim = known.length / ids.length
  let lowest = 1
  for (let start = 0; start < known.length; start += dim) {
    let dot = 0
    let a = 0
    let b = 0
    for (let i = start; i < start + dim; i++) {
      dot += known[i]! * vectors[i]!
      a += known[i]! ** 2
      b += vectors[i]! ** 2
    }
    lowest = Math.min(lowest, dot / Math.sqrt(a * b))
  }
  return lowest
}

function failed(text: string, what: string): LateenError {
  return new LateenError(
    'model-self-test-failed',
    `The backend computes wrong vectors: for ${JSON.stringify(text)} ${what}.`,
  )
}
