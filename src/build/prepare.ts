/** The cheap half of a build: documents are parsed and cut into passages. Nothing is encoded yet. */
import type { Encoder } from '../encode/encoder.ts'
import { isLateenError, LateenError } from '../errors.ts'
import { parseDocument } from '../text/parse.ts'
import { splitDocument } from '../text/passages.ts'
import type { ChangeSummary, DocumentInput, Metadata, ParsedDocument, Passage } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { breathe } from '../util/breathe.ts'
import { sha256Hex } from '../util/hash.ts'

/** A document as a caller has it, or as a reader of pages has parsed it already. */
export type AnyDocument = DocumentInput | ParsedDocument

/** A document read and cut, ready to be encoded. */
export interface PreparedDocument {
  readonly id: string
  readonly metadata: Metadata
  readonly contentHash: string
  readonly passages: readonly Passage[]
}

export type Skipped = ChangeSummary['skipped'][number]

export interface PrepareOptions {
  readonly encoder: Pick<Encoder, 'spec' | 'countTokens'>
  /** False: one passage per document, cut where the model cuts. @default true */
  readonly split?: boolean
  readonly signal?: AbortSignal
}

/**
 * Parses and splits a list: all that is needed to see what changed. A document that cannot be read or
 * holds no text is left out and named in `skipped`.
 *
 * @throws LateenError `bad-argument` on malformed input, `duplicate-id`, `aborted`
 */
export async function prepareDocuments(
  documents: readonly AnyDocument[],
  options: PrepareOptions,
): Promise<{ prepared: PreparedDocument[]; skipped: Skipped[] }> {
  if (!Array.isArray(documents)) {
    throw new LateenError('bad-argument', `Expected a list of documents, found ${typeof documents}.`)
  }
  // All of them are looked at before the first is parsed: a mistake in the last costs no time.
  const assertNext = documentCheck()
  for (const document of documents) assertNext(document)
  const prepared: PreparedDocument[] = []
  const skipped: Skipped[] = []
  for await (const document of prepareStream(documents, skipped, options)) prepared.push(document)
  return { prepared, skipped }
}

/** The same for documents that come one by one; what is left out is added to `skipped`. */
export async function* prepareStream(
  documents: AsyncIterable<AnyDocument> | Iterable<AnyDocument>,
  skipped: Skipped[],
  options: PrepareOptions,
): AsyncGenerator<PreparedDocument> {
  const { encoder, split = true, signal } = options
  const assertNext = documentCheck()
  for await (const input of documents) {
    await breathe()
    throwIfAborted(signal)
    assertNext(input)
    try {
      const document = isParsed(input) ? input : parseDocument(input)
      const passages = splitDocument(document, {
        countTokens: encoder.countTokens,
        maxTokens: encoder.spec.documentLength,
        split,
      })
      if (passages.length === 0) {
        skipped.push({ id: input.id, reason: 'It holds no text.' })
        continue
      }
      const { id, metadata } = document
      yield { id, metadata, contentHash: contentHash(passages), passages }
    } catch (error) {
      if (!isLateenError(error, 'bad-document')) throw error
      skipped.push({ id: input.id, reason: error.message })
    }
  }
}

function isParsed(document: AnyDocument): document is ParsedDocument {
  return 'sections' in document
}

/** Hex digits of a content hash. Only editions of one document are compared, and every reader downloads all of them. */
const HASH_DIGITS = 8

/** Everything that is stored or encoded decides the hash, so equal hashes need no new work. */
export function contentHash(passages: readonly Passage[]): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(passages))).slice(0, HASH_DIGITS)
}

/** Checks documents one after the other; ids are remembered. */
function documentCheck(): (document: AnyDocument) => void {
  const seen = new Set<string>()
  let position = 0
  return (document) => {
    const number = position++
    if (typeof document?.id !== 'string' || document.id === '') {
      throw new LateenError(
        'bad-argument',
        `Document ${number} has no id: every document needs a non-empty string.`,
      )
    }
    if (!isParsed(document) && typeof document.text !== 'string') {
      throw new LateenError(
        'bad-argument',
        `Document "${document.id}" has no text: expected a string, found ${typeof document.text}.`,
      )
    }
    if (seen.has(document.id)) {
      throw new LateenError(
        'duplicate-id',
        `The id "${document.id}" is given twice; ids are unique within an index.`,
      )
    }
    seen.add(document.id)
  }
}
