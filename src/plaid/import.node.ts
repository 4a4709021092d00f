/** Makes an index of ours from one of the PLAID family. Vectors are not encoded again: their codes are taken over. */
import { openBuildModel } from '../build/build-model.node.ts'
import type { Coder } from '../build/coder.ts'
import { assertReplaceable } from '../build/index-folder.node.ts'
import { contentHash, type PreparedDocument } from '../build/prepare.ts'
import { type WrittenIndex, writePrepared } from '../build/write-index.ts'
import type { CodedVectors } from '../compress/codec.ts'
import { writeExactCodecFile } from '../compress/codec-file.ts'
import { LateenError } from '../errors.ts'
import type { ModelSpec } from '../model/spec.ts'
import { IMPORTED_PASSAGES } from '../segment/manifest.ts'
import { fileStore } from '../store/file.node.ts'
import type { WritableStore } from '../store/store.ts'
import { parseDocument } from '../text/parse.ts'
import { splitDocument } from '../text/passages.ts'
import type { DocumentInput, OnProgress } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { exactCodec, vectorConverter } from './codec.ts'
import { matchDocuments } from './documents.ts'
import type { PlaidChunk, PlaidIndex } from './plaid.ts'
import { readPlaid } from './read.node.ts'

export interface ImportPlaidOptions {
  /** Folder of the PLAID index, or the index itself. */
  readonly index: string | PlaidIndex
  /** Folder to write, or another store. An index that is there is replaced, a folder of anything else refused. */
  readonly out: string | WritableStore
  /** The model that made the vectors: a folder, or `hub:owner/name[@revision]`. */
  readonly model: string
  /** Leading components of its vectors that the index was made of. @default all */
  readonly dim?: number
  /**
   * Texts of the passages, each a document of its own. Where ids are known they are found by id and others are
   * left out; else there is one for each passage, in order. Without documents the index has ids alone: it
   * answers by meaning, and has neither keywords nor excerpts.
   */
  readonly documents?: readonly DocumentInput[]
  /** An id for each passage, in order. @default those PyLate keeps beside the index */
  readonly ids?: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface ImportedIndex extends WrittenIndex {
  /** Passages that were left out because PyLate has no id for them any more. */
  readonly removed: number
}

/**
 * Every search of the new index scores all passages as exact PLAID does; candidates are never pruned.
 *
 * @throws LateenError `bad-argument`, `duplicate-id` when passages, ids and documents do not agree; `index-model-mismatch` when the
 *         model has another dimension; `aborted`; what {@link readPlaid} throws; the codes of a model that
 *         cannot be read; `storage-full`, `storage-unavailable`
 */
export async function importPlaid(options: ImportPlaidOptions): Promise<ImportedIndex> {
  const { out, signal, onProgress } = options
  if (typeof out === 'string') await assertReplaceable(out)
  const index =
    typeof options.index === 'string'
      ? await readPlaid(options.index, { withIds: options.ids === undefined })
      : options.index
  const documents = matchDocuments(index, options)
  const model = await openBuildModel(options.model, signal, 'auto', options.dim)
  try {
    const { encoder } = model
    assertDimension(index, encoder.spec)
    const codec = exactCodec(index, await firstVectors(index))
    const vectors = codedPassages(index, vectorConverter(index, codec), (passage) => documents.has(passage))
    // Requests are answered in order, whoever makes them.
    const coder: Coder = async (texts) => {
      const results = await Promise.all(texts.map(() => vectors.next()))
      throwIfAborted(signal)
      return results.map(({ value }) => value as CodedVectors)
    }
    const written = await writePrepared({
      store: typeof out === 'string' ? fileStore(out) : out,
      backend: model,
      prepared: [...documents.values()].map((document) => prepared(document, encoder)),
      skipped: [],
      codec,
      codecFile: writeExactCodecFile(codec),
      // Whatever the home library pooled is not known; what is added later is not pooled.
      pooling: { factor: 1, protectedTokens: 0 },
      policy: IMPORTED_PASSAGES,
      coder,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    return { ...written, removed: index.doclens.length - documents.size }
  } finally {
    await model.dispose()
  }
}

/** One document with one passage, also where there is no text. */
function prepared(
  input: DocumentInput,
  { spec, countTokens }: { readonly spec: ModelSpec; countTokens(text: string): number },
): PreparedDocument {
  const document = parseDocument(input)
  const { id, title, url, metadata } = document
  const [passage = { documentId: id, ordinal: 0, title, headings: [], url, text: '', metadata }] =
    splitDocument(document, { countTokens, maxTokens: spec.documentLength, split: false })
  return { id, metadata, contentHash: contentHash([passage]), passages: [passage] }
}

/** The first chunk that has any: lengths are much the same in all of them. */
async function firstVectors(index: PlaidIndex): Promise<Pick<PlaidChunk, 'codes' | 'residuals'>> {
  for await (const chunk of index.chunks()) if (chunk.codes.length > 0) return chunk
  return { codes: new Uint32Array(0), residuals: new Uint8Array(0) }
}

async function* codedPassages(
  index: PlaidIndex,
  convert: ReturnType<typeof vectorConverter>,
  isKept: (passage: number) => boolean,
): AsyncGenerator<CodedVectors> {
  for await (const chunk of index.chunks()) {
    let from = 0
    for (const [i, length] of chunk.doclens.entries()) {
      if (isKept(chunk.firstPassage + i)) yield convert(chunk, from, from + length)
      from += length
    }
  }
}

function assertDimension({ dim }: PlaidIndex, spec: ModelSpec): void {
  if (dim === spec.dim) return
  throw new LateenError(
    'index-model-mismatch',
    `The PLAID index has vectors of ${dim} dimensions, and ${spec.name} makes ${spec.dim}. Name the model that made the index, and the dimension if it was made of fewer components.`,
  )
}
