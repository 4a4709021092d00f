/**
 * The passages of a pooled index, token by token again. Pooled vectors find and order passages well; they are
 * too blurred to tell nonsense, or to point at words. The text of a passage is at hand, and so is the model.
 */
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { encodedText } from '../text/passages.ts'
import { readPassage } from './hits.ts'
import type { IndexState } from './state.ts'

/** Passages that stay encoded while a question is being typed: some 2 MB at 120 tokens of 64 dimensions. */
const REMEMBERED_PASSAGES = 64

export interface PassageEncoder {
  /** @param number global number of the passage. Fails as reading its text does. */
  encode(index: IndexState, encoder: Encoder, number: number, signal?: AbortSignal): Promise<EncodedText>
}

export function passageEncoder(): PassageEncoder {
  const remembered = new Map<string, EncodedText>()
  return {
    async encode(index, encoder, number, signal) {
      const segment = index.segmentOf(number)
      // Files are immutable: the key holds for every snapshot.
      const key = `${segment.reference.textFile.sha256} ${number - segment.base}`
      let encoded = remembered.get(key)
      if (!encoded) {
        const { text } = encodedText(await readPassage(index, number))
        encoded = (await encoder.encodeDocuments([text], signal ? { signal } : {}))[0]!
      }
      remembered.delete(key)
      remembered.set(key, encoded)
      if (remembered.size > REMEMBERED_PASSAGES) remembered.delete(remembered.keys().next().value!)
      return encoded
    },
  }
}
