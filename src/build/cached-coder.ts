/** A coder that remembers: only texts that were not coded before are given on. */
import type { CodedVectors } from '../compress/codec.ts'
import type { EncodeOptions } from '../encode/encoder.ts'
import type { Coder } from './coder.ts'

/** Coded passages by their text. A store that fails is one that knows nothing. */
export interface PassageStore {
  get(text: string): CodedVectors | undefined
  put(text: string, coded: CodedVectors): void
}

export interface CachedCoder {
  readonly code: Coder
  /** Passages coded, and passages taken from the store or from an equal text beside them. */
  readonly counts: { readonly encoded: number; readonly reused: number }
}

export function cachedCoder(coder: Coder, store: PassageStore): CachedCoder {
  const counts = { encoded: 0, reused: 0 }
  /** Where a text that is being coded will be found: several calls may be under way, and share it. */
  const running = new Map<string, { readonly batch: Promise<CodedVectors[]>; readonly position: number }>()

  const start = async (texts: readonly string[], options: EncodeOptions) => {
    const coded = await coder(texts, options)
    for (const [i, text] of texts.entries()) store.put(text, coded[i]!)
    return coded
  }

  const code = async (texts: readonly string[], options: EncodeOptions = {}) => {
    const distinct = [...new Set(texts)]
    const known = new Map<string, CodedVectors>()
    for (const text of distinct) {
      const coded = running.has(text) ? undefined : store.get(text)
      if (coded) known.set(text, coded)
    }
    const fresh = distinct.filter((text) => !known.has(text) && !running.has(text))
    counts.encoded += fresh.length
    counts.reused += texts.length - fresh.length
    if (fresh.length > 0) {
      const batch = start(fresh, options)
      for (const [position, text] of fresh.entries()) running.set(text, { batch, position })
    }
    // Taken before anything is waited for: whoever started a batch forgets it when it ends.
    const places = distinct
      .filter((text) => !known.has(text))
      .map((text) => ({ text, ...running.get(text)! }))
    try {
      const found = await Promise.all(places.map(async ({ batch, position }) => (await batch)[position]!))
      for (const [i, { text }] of places.entries()) known.set(text, found[i]!)
    } finally {
      for (const text of fresh) running.delete(text)
    }
    return texts.map((text) => known.get(text)!)
  }
  return { code, counts }
}
