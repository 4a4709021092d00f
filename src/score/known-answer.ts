/** Some machines compute a kernel wrongly without saying so; the reference tells. */
import { LateenError } from '../errors.ts'
import { referenceScorer } from './reference.ts'
import { SCORE_TOLERANCE, type Scorer } from './scorer.ts'
import { type SyntheticOptions, syntheticQuery, syntheticSegment } from './synthetic.ts'

const SEGMENTS: readonly SyntheticOptions[] = [
  { kind: 'residual', bits: 4, dim: 64, vectors: [3, 0, 40, 1], seed: 1 },
  { kind: 'residual', bits: 2, dim: 24, vectors: [3, 0, 40, 1], seed: 2, numCentroids: 300 },
  { kind: 'f32', dim: 40, vectors: [3, 0, 40, 1], seed: 3 },
]
const NUM_TOKENS = 13

/**
 * Scores small known segments with `scorer` and the reference.
 *
 * @throws LateenError `internal` when they disagree, and what the scorer throws
 */
export async function assertKnownAnswer(scorer: Scorer): Promise<void> {
  const reference = referenceScorer()
  for (const options of SEGMENTS) {
    const segment = syntheticSegment(options)
    const query = syntheticQuery(NUM_TOKENS, options.dim, options.seed)
    const passages = Uint32Array.from(options.vectors, (_, i) => i).reverse()
    const scoresOf = async (one: Scorer) => {
      const loaded = await one.load(segment)
      try {
        return await one.score(query, loaded, passages)
      } finally {
        loaded.dispose()
      }
    }
    const expected = await scoresOf(reference)
    const found = await scoresOf(scorer)
    const wrong = expected.findIndex(
      (score, i) => !(Math.abs(score - found[i]!) <= SCORE_TOLERANCE * NUM_TOKENS),
    )
    if (wrong >= 0) {
      throw new LateenError(
        'internal',
        `The ${scorer.kind} scorer computes wrong scores on this machine: expected ${expected[wrong]}, found ${found[wrong]}.`,
      )
    }
  }
}
