/**
 * A snapshot of an open index: its manifest, its segments with global passage numbers, and the keyword
 * index over them. A change makes a new snapshot and shares what did not change.
 */
import type { Codec, ResidualBits } from '../compress/codec.ts'
import { readCodecFile } from '../compress/codec-file.ts'
import { plainCodec } from '../compress/plain.ts'
import { LateenError } from '../errors.ts'
import {
  createLexicalIndex,
  type LexicalIndex,
  type LexicalPart,
  loadLexicalIndex,
} from '../lexical/lexical.ts'
import {
  checkCompatible,
  type FileReference,
  type Manifest,
  type SegmentReference,
} from '../segment/manifest.ts'
import { openTextSegment, openVectorSegment } from '../segment/read.ts'
import type { DocumentEntry, TextSegment, VectorSegment } from '../segment/segment.ts'
import { verifySource } from '../store/source.ts'
import type { IndexStore } from '../store/store.ts'
import { once } from '../util/once.ts'
import type { Backend } from './backend.ts'

export interface OpenSegment {
  readonly reference: SegmentReference
  /** Global number of the segment's first passage. */
  readonly base: number
  readonly text: TextSegment
  /** Numbers of the documents that are gone. */
  readonly removed: ReadonlySet<number>
  /** The vectors, verified and opened once. Fails with `index-model-mismatch`, `segment-corrupt`. */
  openVectors(backend: Backend): Promise<OpenVectors>
}

export interface OpenVectors {
  readonly segment: VectorSegment
  /** numPassages + 1 running vector counts. */
  readonly offsets: Uint32Array
}

export interface DocumentAddress {
  readonly segment: OpenSegment
  /** Number of the document within its segment. */
  readonly number: number
  readonly entry: DocumentEntry
}

export interface IndexState {
  readonly manifest: Manifest | undefined
  readonly segments: readonly OpenSegment[]
  readonly lexical: LexicalIndex
  /** Counts without what was removed. */
  readonly passages: number
  readonly documents: number
  /** The segment a global passage number lies in. */
  segmentOf(passage: number): OpenSegment
  /** The document with this id, unless it was removed. */
  find(id: string): DocumentAddress | undefined
}

/**
 * Opens the index of a store.
 *
 * @param previous the snapshot before a change; segments it shares with the manifest are taken over, and its
 *                 keyword index is carried forward when segments were only added or documents only removed
 */
export async function openState(
  store: IndexStore,
  manifest: Manifest | undefined,
  previous?: IndexState,
  signal?: AbortSignal,
): Promise<IndexState> {
  const segments: OpenSegment[] = []
  let base = 0
  for (const reference of manifest?.segments ?? []) {
    const known = previous?.segments[segments.length]
    const text =
      known && sameFiles(known.reference, reference)
        ? known.text
        : await openText(store, manifest!, reference, signal)
    const openVectors = known?.text === text ? known.openVectors : vectorsOpener(store, manifest!, reference)
    segments.push({ reference, base, text, removed: new Set(reference.removed), openVectors })
    base += reference.passages
  }
  const carried = previous && carriesForward(previous, segments) ? previous : undefined
  const lexical = carried
    ? await advanceLexical(carried, segments)
    : await openLexical(store, segments, signal)
  return indexState(manifest, segments, lexical)
}

function indexState(
  manifest: Manifest | undefined,
  segments: readonly OpenSegment[],
  lexical: LexicalIndex,
): IndexState {
  const byId = new Map<string, DocumentAddress>()
  let passages = 0
  for (const segment of segments) {
    for (const [number, entry] of segment.text.documents.entries()) {
      if (segment.removed.has(number)) continue
      byId.set(entry.id, { segment, number, entry })
      passages += entry.numPassages
    }
  }
  return {
    manifest,
    segments,
    lexical,
    passages,
    documents: byId.size,
    segmentOf(passage) {
      const segment = segments.findLast(({ base }) => base <= passage)
      if (!segment) throw new LateenError('internal', `Passage ${passage} lies in no segment of the index.`)
      return segment
    },
    find: (id) => byId.get(id),
  }
}

/** Global numbers of the passages of a document. */
export function passagesOf(segment: OpenSegment, document: DocumentEntry): number[] {
  const first = segment.base + document.firstPassage
  return Array.from({ length: document.numPassages }, (_, i) => first + i)
}

async function readVerified(
  store: IndexStore,
  file: FileReference,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const source = await store.open(file.file, signal)
  await verifySource(source, file, signal)
  return source.read(0, file.bytes, signal)
}

async function openText(
  store: IndexStore,
  manifest: Manifest,
  reference: SegmentReference,
  signal?: AbortSignal,
) {
  const source = await store.open(reference.textFile.file, signal)
  // Local copies were verified when they were stored, and their blocks carry checksums of their own.
  if (store.kind === 'http' || store.kind === 'file') await verifySource(source, reference.textFile, signal)
  return openTextSegment(source, manifest, reference, signal)
}

function vectorsOpener(store: IndexStore, manifest: Manifest, reference: SegmentReference) {
  // Every caller has the same model, or is refused by the codec check: one memo serves all.
  let active: Backend
  const open = once(async () => {
    const codec = await codecOf(store, manifest, active)
    const source = await store.open(reference.vectorFile.file)
    await verifySource(source, reference.vectorFile)
    const segment = await openVectorSegment(source, codec, manifest, reference)
    return { segment, offsets: await segment.readOffsets() }
  })
  return (backend: Backend) => {
    active = backend
    return open()
  }
}

/** The codec of an index, checked against its manifest. Fails with `index-model-mismatch`. */
export async function codecOf(store: IndexStore, manifest: Manifest, backend: Backend): Promise<Codec> {
  const { kind, bits, file } = manifest.codec
  const { spec } = backend.encoder
  let codec: Codec
  if (kind !== 'residual') codec = plainCodec(kind, manifest.model.dim)
  else if (file) codec = readCodecFile(await readVerified(store, file))(bits as ResidualBits)
  else if (backend.modelCodec) codec = backend.modelCodec(bits as ResidualBits)
  else {
    throw new LateenError(
      'index-model-mismatch',
      `The index relies on a codec that comes with its model ${manifest.model.name}, and ${spec.name} brings none. Load the model it was built with, or rebuild the index.`,
    )
  }
  checkCompatible(manifest, { ...spec, codecFingerprint: codec.fingerprint })
  return codec
}

function sameFiles(a: SegmentReference, b: SegmentReference): boolean {
  return a.vectorFile.sha256 === b.vectorFile.sha256 && a.textFile.sha256 === b.textFile.sha256
}

/** True when `segments` continue those of `previous`: same ones in front, and nothing came back. */
function carriesForward(previous: IndexState, segments: readonly OpenSegment[]): boolean {
  return previous.segments.every((old, i) => {
    const now = segments[i]
    return now?.text === old.text && [...old.removed].every((number) => now.removed.has(number))
  })
}

async function advanceLexical(previous: IndexState, segments: readonly OpenSegment[]): Promise<LexicalIndex> {
  const { lexical } = previous
  for (const [i, segment] of segments.entries()) {
    const old = previous.segments[i]
    if (!old) await addToLexical(lexical, segment)
    lexical.discard(removedPassages(segment, old?.removed))
  }
  return lexical
}

/** Segments with a keyword index of their own are loaded from it, the others added from their text. */
async function openLexical(
  store: IndexStore,
  segments: readonly OpenSegment[],
  signal?: AbortSignal,
): Promise<LexicalIndex> {
  const parts: LexicalPart[] = []
  for (const { reference, base } of segments) {
    if (!reference.lexicalFile) continue
    parts.push({ bytes: await readVerified(store, reference.lexicalFile, signal), firstId: base })
  }
  const lexical = parts.length > 0 ? loadLexicalIndex(parts) : createLexicalIndex()
  for (const segment of segments) {
    if (!segment.reference.lexicalFile) await addToLexical(lexical, segment)
    lexical.discard(removedPassages(segment))
  }
  return lexical
}

async function addToLexical(lexical: LexicalIndex, segment: OpenSegment) {
  const { documents } = segment.text
  let local = 0
  for await (const passage of segment.text.passages()) {
    const { numPassages } = documents[segment.text.documentOf(local)]!
    lexical.add([{ id: segment.base + local++, passage, passages: numPassages }])
  }
}

function removedPassages(segment: OpenSegment, already: ReadonlySet<number> = new Set()): number[] {
  return [...segment.removed]
    .filter((number) => !already.has(number))
    .flatMap((number) => passagesOf(segment, segment.text.documents[number]!))
}
