/**
 * A snapshot of an open index: its manifest, its segments with global passage numbers, and the keyword
 * index over them. A change makes a new snapshot and shares what did not change.
 */
import { LateenError } from '../errors.ts'
import { type LexicalFile, type LexicalIndex, openLexicalIndex } from '../lexical/lexical.ts'
import type { FileReference, Manifest, SegmentReference } from '../segment/manifest.ts'
import { openTextSegment } from '../segment/read-text.ts'
import type { DocumentEntry, TextSegment } from '../segment/segment.ts'
import { verifySource } from '../store/source.ts'
import type { ByteSource, IndexStore } from '../store/store.ts'
import { loadCode } from '../util/load-code.ts'
import { once } from '../util/once.ts'
import type { Backend } from './backend.ts'
import type { OpenVectors } from './vectors.ts'

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
  const references = manifest?.segments ?? []
  let base = 0
  // Text and keywords come from files of their own: what both need first travels at the same time.
  const opening = Promise.all(
    references.map((reference, i) => {
      const known = previous?.segments[i]
      const first = base
      base += reference.passages
      return openSegment(store, manifest!, reference, first, known, signal)
    }),
  )
  const lexical =
    previous && carriesForward(previous, references)
      ? opening.then((segments) => advanceLexical(previous, segments))
      : openLexical(store, references, opening, signal)
  const [segments, keywords] = await Promise.all([opening, lexical])
  return indexState(manifest, segments, keywords)
}

async function openSegment(
  store: IndexStore,
  manifest: Manifest,
  reference: SegmentReference,
  base: number,
  known: OpenSegment | undefined,
  signal?: AbortSignal,
): Promise<OpenSegment> {
  const same = known && sameFiles(known.reference, reference) ? known : undefined
  return {
    reference,
    base,
    text: same?.text ?? (await openText(store, manifest, reference, signal)),
    removed: new Set(reference.removed),
    openVectors: same?.openVectors ?? vectorsOpener(store, manifest, reference),
  }
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

async function openText(
  store: IndexStore,
  manifest: Manifest,
  reference: SegmentReference,
  signal?: AbortSignal,
) {
  return openTextSegment(await openFile(store, reference.textFile, signal), manifest, reference, signal)
}

/** Both kinds of files carry checksums of their own for what is read of them. */
async function openFile(store: IndexStore, file: FileReference, signal?: AbortSignal): Promise<ByteSource> {
  const source = await store.open(file, signal)
  // Local copies were verified when they were stored, and of a file in parts only some may ever come.
  const isForeign = store.kind === 'http' || store.kind === 'file'
  if (isForeign && !file.parts) await verifySource(source, file, signal)
  return source
}

function vectorsOpener(store: IndexStore, manifest: Manifest, reference: SegmentReference) {
  // Every caller has the same model, or is refused by the codec check: one memo serves all.
  let active: Backend
  const open = once(async () => {
    const { openVectors } = await loadCode(() => import('./vectors.ts'))
    return openVectors(store, manifest, reference, active)
  })
  return (backend: Backend) => {
    active = backend
    return open()
  }
}

/** True when two snapshots are made of the same files. */
export function sameSegments({ segments: a }: IndexState, { segments: b }: IndexState): boolean {
  return a.length === b.length && a.every(({ reference }, i) => sameFiles(reference, b[i]!.reference))
}

function sameFiles(a: SegmentReference, b: SegmentReference): boolean {
  return (
    sameFile(a.vectorFile, b.vectorFile) &&
    sameFile(a.textFile, b.textFile) &&
    sameFile(a.lexicalFile, b.lexicalFile)
  )
}

function sameFile(a: FileReference | undefined, b: FileReference | undefined): boolean {
  return a?.sha256 === b?.sha256 && String(a?.parts) === String(b?.parts)
}

/** True when `references` continue the segments of `previous`: same ones in front, and nothing came back. */
function carriesForward(previous: IndexState, references: readonly SegmentReference[]): boolean {
  return previous.segments.every((old, i) => {
    const now = references[i]
    if (!now || !sameFiles(old.reference, now)) return false
    const removed = new Set(now.removed)
    return [...old.removed].every((number) => removed.has(number))
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
  references: readonly SegmentReference[],
  opening: Promise<readonly OpenSegment[]>,
  signal?: AbortSignal,
): Promise<LexicalIndex> {
  let passagesBefore = 0
  const files = references.flatMap(({ lexicalFile, passages }) => {
    const firstId = passagesBefore
    passagesBefore += passages
    return lexicalFile ? [{ lexicalFile, firstId, passages }] : []
  })
  const lexical = await openLexicalIndex(
    await Promise.all(
      files.map(async ({ lexicalFile, ...place }): Promise<LexicalFile> => {
        return { source: await openFile(store, lexicalFile, signal), name: lexicalFile.file, ...place }
      }),
    ),
    signal,
  )
  for (const segment of await opening) {
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
