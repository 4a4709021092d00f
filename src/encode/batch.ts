/** Groups texts into batches of similar length, and fills batches up for the graph. */

export interface BatchLimits {
  /** Rows of one batch, padding included. A single longer text still makes a batch. */
  readonly maxTokens: number
  /** @default no limit */
  readonly maxTexts?: number
}

/**
 * Shortest texts first, so that little padding is needed.
 *
 * @param lengths tokens of each text
 * @returns       positions in `lengths`, each exactly once
 */
export function planBatches(lengths: readonly number[], limits: BatchLimits): number[][] {
  const { maxTokens, maxTexts = Number.POSITIVE_INFINITY } = limits
  const byLength = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  const batches: number[][] = []
  let current: number[] = []
  for (const i of byLength) {
    const isFull = current.length >= maxTexts || (current.length + 1) * lengths[i]! > maxTokens
    if (current.length === 0 || isFull) batches.push((current = []))
    current.push(i)
  }
  return batches
}

/** What one run of the graph takes: batch × seq values each, row-major. */
export interface BatchInput {
  readonly ids: Int32Array
  readonly attention: Uint8Array
  readonly batch: number
  readonly seq: number
}

export function padBatch(
  texts: readonly { readonly ids: Int32Array; readonly attention: Uint8Array }[],
  padTokenId: number,
): BatchInput {
  const batch = texts.length
  const seq = Math.max(...texts.map((text) => text.ids.length))
  const ids = new Int32Array(batch * seq).fill(padTokenId)
  const attention = new Uint8Array(batch * seq)
  for (const [row, text] of texts.entries()) {
    ids.set(text.ids, row * seq)
    attention.set(text.attention, row * seq)
  }
  return { ids, attention, batch, seq }
}
