/**
 * MaxSim scores that are published for well-known checkpoints, so that a copy or an export of one can be
 * compared with what its home library computes.
 *
 * Source: the tests of Sentence-Transformers 6.0.0 for pretrained multi-vector encoders, where they are
 * float32 scores of PyLate, those of LFM2 of Sentence-Transformers itself.
 */
export const PUBLISHED_QUERY = 'Which planet is known as the Red Planet?'

export const PUBLISHED_DOCUMENTS: readonly string[] = [
  "Venus is often called Earth's twin because of its similar size and proximity.",
  'Mars, known for its reddish appearance, is often referred to as the Red Planet.',
  'Jupiter, the largest planet in our solar system, has a prominent red spot.',
  'Saturn, famous for its rings, is sometimes mistaken for the Red Planet.',
]

/** By id on the Hub: one score for each document. */
export const PUBLISHED_SCORES: Readonly<Record<string, readonly number[]>> = {
  'answerdotai/answerai-colbert-small-v1': [30.56916, 31.48954, 31.30291, 31.30716],
  'colbert-ir/colbertv2.0': [12.79703, 27.19449, 23.8495, 24.56564],
  'lightonai/colbertv2.0': [12.79703, 27.19449, 23.8495, 24.56564],
  'lightonai/GTE-ModernColBERT-v1': [11.25772, 11.51133, 11.34575, 11.4518],
  'lightonai/LateOn': [10.79417, 11.11042, 10.97427, 11.08107],
  'lightonai/mLateOn': [11.3486, 11.517, 11.4391, 11.4867],
  'lightonai/Reason-ModernColBERT': [9.05118, 10.18419, 9.12381, 9.39101],
  'LiquidAI/LFM2-ColBERT-350M': [30.42596, 30.66987, 30.55955, 30.61758],
  'mixedbread-ai/mxbai-edge-colbert-v0-17m': [11.56932, 11.75844, 11.70989, 11.72288],
  'perplexity-ai/pplx-embed-v1-late-0.6b': [31.56128, 31.80504, 31.67393, 31.74072],
}

/** What the source allows: this, and as much of the score. */
const TOLERANCE = 1e-3

/** The largest difference of scores to the published ones, and whether all are within what the source allows. */
export function comparePublished(scores: readonly number[], published: readonly number[]) {
  const differences = scores.map((score, i) => Math.abs(score - published[i]!))
  return {
    maxDifference: Math.max(...differences),
    agrees: differences.every(
      (difference, i) => difference <= TOLERANCE + TOLERANCE * Math.abs(published[i]!),
    ),
  }
}
