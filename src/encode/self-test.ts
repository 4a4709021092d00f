/**
 * The known-answer test. A backend that computes wrong vectors without an error is the failure nobody
 * notices, so no session is used before it has answered known texts.
 */
import { LateenError } from '../errors.ts'
import type { TextKind } from './encoder.ts'
import type { Golden } from './model.ts'

export interface SelfTestResult {
  readonly passed: boolean
  /** Smallest cosine of a token vector to its known one; NaN when the bundle brings no known answers. */
  readonly minCosine: number
}

/** What int8 weights cost stays well above this; wrong kernels fall far below. */
export const MIN_COSINE = 0.998

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
  encode: (text: string, kind: TextKind) => Promise<TestedText>,
): Promise<SelfTestResult> {
  if (goldens.length === 0) {
    for (const kind of ['query', 'document'] as const) checkNumbers(PROBE, await encode(PROBE, kind))
    return { passed: true, minCosine: Number.NaN }
  }
  let minCosine = 1
  for (const golden of goldens) {
    const tested = await encode(golden.text, golden.kind)
    if (`${tested.ids}` !== `${golden.ids}`) {
      throw failed(
        golden.text,
        `its token ids should be ${golden.ids.join(' ')}, found ${tested.ids.join(' ')}`,
      )
    }
    checkNumbers(golden.text, tested)
    minCosine = Math.min(minCosine, lowestCosine(golden, tested.vectors))
  }
  if (minCosine < MIN_COSINE) {
    throw failed(
      goldens[0]!.text,
      `the cosine to the known vectors should be at least ${MIN_COSINE}, found ${minCosine.toFixed(4)}`,
    )
  }
  return { passed: true, minCosine }
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
