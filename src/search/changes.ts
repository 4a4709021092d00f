/**
 * Changes: every one builds the files it adds, then commits a manifest based on the revision it saw.
 * Another tab that was faster makes the commit fail; the change is then repeated on what it left.
 */
import type { PreparedDocument } from '../build/prepare.ts'
import type { ResidualBits } from '../compress/codec.ts'
import { isLateenError, LateenError } from '../errors.ts'
import type { Manifest, SegmentReference } from '../segment/manifest.ts'
import { mergeSegments } from '../segment/merge.ts'
import type { IndexStore } from '../store/store.ts'
import type { ChangeOptions, ChangeSummary, DocumentInput } from '../types.ts'
import { loadCode } from '../util/load-code.ts'
import type { Backend } from './backend.ts'
import { type DocumentAddress, type IndexState, openState } from './state.ts'
import { codecOf } from './vectors.ts'

/** More segments than this are merged into one: each costs a file, a keyword pass and a kernel call. */
const MAX_LOCAL_SEGMENTS = 8
/** How often a change is repeated because another tab was faster. */
const MAX_ATTEMPTS = 5

/** What a new index is made with; an existing one keeps what it has. */
export interface IndexDefaults {
  readonly bits: ResidualBits
  readonly poolFactor: number
}

export interface ChangeContext {
  readonly store: IndexStore
  readonly defaults: IndexDefaults
  readonly state: () => IndexState
  readonly setState: (state: IndexState) => void
  readonly backend: (signal?: AbortSignal) => Promise<Backend>
}

/** @param replace what to do with a document whose id is there: replace it, or fail with `duplicate-id` */
export async function addDocuments(
  context: ChangeContext,
  documents: readonly DocumentInput[],
  replace: boolean,
  options: ChangeOptions = {},
): Promise<ChangeSummary> {
  const { encoder, modelCodec } = await context.backend(options.signal)
  // Parsing and splitting bring HTML and Markdown parsers that a page which only searches never needs.
  const build = await loadCode(() => import('../build/index.ts'))
  const { prepared, skipped } = await build.prepareDocuments(documents, { encoder, ...options })
  const fresh = prepared.filter(({ id, contentHash }) => {
    const unchanged = replace && context.state().find(id)?.entry.contentHash === contentHash
    if (unchanged) skipped.push({ id, reason: 'It has not changed.' })
    return !unchanged
  })
  if (!replace) assertNew(context.state(), fresh)
  if (fresh.length === 0) return { documents: 0, passages: 0, vectors: 0, skipped }

  const known = context.state().manifest
  const pooling = known?.pooling ?? build.indexPooling(encoder.spec, context.defaults.poolFactor)
  const made = known
    ? { codec: await codecOf(context.store, known, await context.backend()) }
    : await build.codecForGrowingIndex(context.defaults.bits, encoder, modelCodec, fresh, pooling)
  const { segments, summary } = await build.encodeSegments(fresh, skipped, {
    encoder,
    codec: made.codec,
    pooling,
    ...options,
  })

  const files = new Map(segments.flatMap((segment) => [...segment.files]))
  const codecFile = made.file && build.fileReference(made.file, 'codec')
  if (codecFile) files.set(codecFile.file, made.file!)
  const empty = build.newManifest({
    spec: encoder.spec,
    codec: made.codec,
    ...(codecFile ? { codecFile } : {}),
    pooling,
  })

  await commit(context, files, (state) => {
    if (!replace) assertNew(state, fresh)
    const manifest = state.manifest ?? empty
    if (manifest.codec.fingerprint !== empty.codec.fingerprint) {
      throw new LateenError(
        'index-conflict',
        'Another tab created this index with another codec in the meantime. Add the documents again.',
      )
    }
    const gone = fresh.flatMap(({ id }) => state.find(id) ?? [])
    return {
      ...manifest,
      segments: [...withoutDocuments(state, gone), ...segments.map(({ reference }) => reference)],
    }
  })
  await mergeLocalSegments(context)
  return summary
}

export async function removeDocuments(
  context: ChangeContext,
  ids: readonly string[],
): Promise<ChangeSummary> {
  let passages = 0
  const wanted = [...new Set(ids)]
  await commit(context, new Map(), (state) => {
    const missing = wanted.filter((id) => !state.find(id))
    if (missing.length > 0) {
      throw new LateenError(
        'document-not-found',
        `Nothing was removed: the index has no document ${missing.map((id) => `"${id}"`).join(', ')}.`,
      )
    }
    const gone = wanted.map((id) => state.find(id)!)
    passages = gone.reduce((sum, { entry }) => sum + entry.numPassages, 0)
    return { ...state.manifest!, segments: withoutDocuments(state, gone) }
  })
  return { documents: wanted.length, passages, vectors: 0, skipped: [] }
}

/** Commits what `plan` makes of the newest state, as often as other tabs are faster. */
async function commit(
  context: ChangeContext,
  files: ReadonlyMap<string, Uint8Array>,
  plan: (state: IndexState) => Manifest,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const state = context.state()
    const revision = state.manifest?.revision ?? 0
    const manifest = { ...plan(state), revision: revision + 1 }
    try {
      await context.store.commit(manifest, files, revision)
      context.setState(await openState(context.store, manifest, state))
      return
    } catch (error) {
      if (!isLateenError(error, 'index-conflict') || attempt === MAX_ATTEMPTS) throw error
      context.setState(await openState(context.store, await context.store.readManifest(), state))
    }
  }
}

function assertNew(state: IndexState, documents: readonly PreparedDocument[]) {
  const known = documents.filter(({ id }) => state.find(id))
  if (known.length > 0) {
    throw new LateenError(
      'duplicate-id',
      `Nothing was added: ${known.map(({ id }) => `"${id}"`).join(', ')} ${known.length === 1 ? 'is' : 'are'} in the index already. Use update() to replace.`,
    )
  }
}

/** The segments with these documents marked as removed; segments with nothing left are dropped. */
function withoutDocuments(state: IndexState, gone: readonly DocumentAddress[]): SegmentReference[] {
  const prebuilt = state.manifest?.base?.segments ?? 0
  return state.segments.flatMap((segment, i) => {
    const removed = new Set(segment.reference.removed)
    for (const address of gone) if (address.segment === segment) removed.add(address.number)
    if (removed.size === segment.reference.documents && i >= prebuilt) return []
    return [{ ...segment.reference, removed: [...removed].sort((a, b) => a - b) }]
  })
}

/** Merges the segments added here into one when they have become many. Codes are copied, nothing is encoded. */
async function mergeLocalSegments(context: ChangeContext): Promise<void> {
  const state = context.state()
  const { manifest } = state
  const prebuilt = manifest?.base?.segments ?? 0
  const local = state.segments.slice(prebuilt)
  if (!manifest || local.length <= MAX_LOCAL_SEGMENTS) return
  const backend = await context.backend()
  const sources = await Promise.all(
    local.map(async (segment) => ({
      vectors: (await segment.openVectors(backend)).segment,
      text: segment.text,
      removed: segment.reference.removed,
    })),
  )
  const codec = await codecOf(context.store, manifest, backend)
  const merged = await mergeSegments(sources, { model: manifest.model, codec, pooling: manifest.pooling })
  const revision = manifest.revision
  const next = {
    ...manifest,
    revision: revision + 1,
    segments: [...manifest.segments.slice(0, prebuilt), merged.reference],
  }
  try {
    await context.store.commit(next, merged.files, revision)
  } catch (error) {
    // Another tab changed the index: merging can wait for the next change.
    if (isLateenError(error, 'index-conflict')) return
    throw error
  }
  context.setState(await openState(context.store, next, state))
}
