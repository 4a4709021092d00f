/** How local changes stand on a prebuilt index, and move to its next edition. docs/format.md, "Local copies". */
import { LateenError } from '../errors.ts'
import {
  checkCompatible,
  type Manifest,
  type SegmentReference,
  serializeManifest,
} from '../segment/manifest.ts'
import type { TextSegment } from '../segment/segment.ts'
import { sha256Hex } from '../util/hash.ts'

export type OpenText = (
  manifest: Manifest,
  segment: SegmentReference,
  signal?: AbortSignal,
) => Promise<TextSegment>

/** Tells one edition of a prebuilt index from another. */
export function baseHash(base: Manifest): string {
  return sha256Hex(new TextEncoder().encode(serializeManifest(base)))
}

/** A local copy without local changes. */
export function adoptBase(base: Manifest): Manifest {
  return { ...base, base: { sha256: baseHash(base), segments: base.segments.length, removedIds: [] } }
}

/** True when a local copy says more than its base. */
export function hasLocalChanges(stored: Manifest): boolean {
  return localSegments(stored).length > 0 || (stored.base?.removedIds.length ?? 0) > 0
}

/** Why the local changes cannot be searched together with this edition of the base; undefined when they can. */
export function mismatchOf(stored: Manifest, base: Manifest): LateenError | undefined {
  const ours = { ...stored.model, codecFingerprint: stored.codec.fingerprint }
  try {
    checkCompatible(base, ours)
    return undefined
  } catch (cause) {
    const documents = localSegments(stored).reduce((sum, segment) => sum + segment.documents, 0)
    return new LateenError(
      'index-model-mismatch',
      `The prebuilt index changed and no longer fits the ${documents} documents added here, which are kept but not searched. Reset the local copy and add them again. ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    )
  }
}

/**
 * Local changes on another edition of the base. A document that was removed, replaced or added here
 * hides one of the same id in the base.
 */
export async function rebase(
  stored: Manifest,
  base: Manifest,
  openText: OpenText,
  signal?: AbortSignal,
): Promise<Manifest> {
  const local = localSegments(stored)
  const hidden = new Set(stored.base?.removedIds)
  for (const segment of local) {
    const { documents } = await openText(stored, segment, signal)
    const gone = new Set(segment.removed)
    for (const [number, { id }] of documents.entries()) if (!gone.has(number)) hidden.add(id)
  }
  const removedIds = new Set(stored.base?.removedIds)
  const known = new Map(baseSegments(stored).map((segment) => [segment.textFile.sha256, segment]))
  const segments: SegmentReference[] = []
  for (const segment of base.segments) {
    const same = known.get(segment.textFile.sha256)
    const removed = new Set([...segment.removed, ...(same?.removed ?? [])])
    if (!same && hidden.size > 0) {
      const { documents } = await openText(base, segment, signal)
      for (const [number, { id }] of documents.entries()) {
        if (!hidden.has(id)) continue
        removed.add(number)
        removedIds.add(id)
      }
    }
    segments.push({ ...segment, removed: [...removed].sort((a, b) => a - b) })
  }
  const adopted = adoptBase(base)
  return {
    ...adopted,
    segments: [...segments, ...local],
    base: { ...adopted.base!, removedIds: sortedIds(removedIds) },
  }
}

/**
 * Ids of base documents that are gone after a change.
 *
 * @throws LateenError `bad-argument` when the change touches more of a base segment than `removed`
 */
export async function removedIdsAfter(
  current: Manifest,
  next: Manifest,
  openText: OpenText,
): Promise<readonly string[]> {
  const ids = new Set(current.base?.removedIds)
  for (const [i, before] of baseSegments(current).entries()) {
    const after = next.segments[i]
    if (
      after?.textFile.sha256 !== before.textFile.sha256 ||
      before.removed.some((n) => !after.removed.includes(n))
    ) {
      throw new LateenError(
        'bad-argument',
        `Segment ${i} belongs to the prebuilt index: expected the same one with nothing but more removed documents, found another.`,
      )
    }
    const already = new Set(before.removed)
    const added = after.removed.filter((number) => !already.has(number))
    if (added.length === 0) continue
    const { documents } = await openText(current, before)
    for (const number of added) ids.add(documents[number]!.id)
  }
  return sortedIds(ids)
}

/** By code unit, so that the order is the same everywhere. */
function sortedIds(ids: ReadonlySet<string>): string[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1))
}

function baseSegments({ base, segments }: Manifest): readonly SegmentReference[] {
  return segments.slice(0, base?.segments ?? 0)
}

function localSegments({ base, segments }: Manifest): readonly SegmentReference[] {
  return segments.slice(base?.segments ?? 0)
}
