/** The manifest: the only file of an index that changes. Small JSON, fetched fresh. */
import { LateenError } from '../errors.ts'
import {
  type Check,
  hash,
  integer,
  list,
  object,
  oneOf,
  optional,
  parseJson,
  type Refuse,
  text,
} from './check.ts'

export const FORMAT_MAJOR = 1
export const FORMAT_MINOR = 0
const ACCEPTED_VERSIONS = [[1, 0]] as const
/** Passages that were made elsewhere: how their texts were cut and their vectors pooled is not known. */
export const IMPORTED_PASSAGES = 'imported'
/** Parts of a file: their lengths are part of the manifest, which every reader downloads. */
export const MAX_PARTS = 1024

export interface FileReference {
  /** Name within the index: content hash plus extension. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /**
   * Present when the file is stored in parts, so that a reader on any static host fetches only those it
   * needs: the length of each in bytes, in order. Part i is called `<sha256>-<i>.<extension>`.
   */
  readonly parts?: readonly number[]
}

/** What a store holds under one name: a whole file, or a part, which has no hash of its own. */
export interface StoredFile {
  readonly file: string
  readonly bytes: number
  readonly sha256?: string
}

export type FileExtension = 'vectors' | 'text' | 'lexical' | 'codec'

export interface SegmentReference {
  readonly passages: number
  readonly documents: number
  readonly vectors: number
  readonly vectorFile: FileReference
  readonly textFile: FileReference
  /** Serialised keyword index of the passages, when it was built ahead. */
  readonly lexicalFile?: FileReference
  /** Numbers of the documents of this segment that were removed or replaced since. Ascending. */
  readonly removed: readonly number[]
}

export interface Manifest {
  readonly format: 'lateen-index'
  readonly version: readonly [major: number, minor: number]
  /** Grows by one with every commit. */
  readonly revision: number
  readonly model: {
    readonly name: string
    readonly fingerprint: string
    readonly tokenizerHash: string
    readonly dim: number
    readonly documentLength: number
  }
  readonly codec: {
    readonly kind: 'residual' | 'f32' | 'f16' | 'int8'
    readonly bits: number
    readonly fingerprint: string
    /** Present when the codec was trained for this index; else the model bundle carries it. */
    readonly file?: FileReference
  }
  readonly pooling: { readonly factor: number; readonly protectedTokens: number }
  readonly passages: { readonly policy: string; readonly maxTokens: number }
  readonly segments: readonly SegmentReference[]
  /** Present in the local copy of a prebuilt index only. */
  readonly base?: BaseReference
}

/** What a local copy remembers of the prebuilt index below it. */
export interface BaseReference {
  /** SHA-256 of the prebuilt index's manifest in canonical form. */
  readonly sha256: string
  /** How many of `segments` are the prebuilt index's; they come first, and only their `removed` may change here. */
  readonly segments: number
  /** Ids of prebuilt documents that were removed or replaced here. Ascending by code unit, distinct. */
  readonly removedIds: readonly string[]
}

/** What a reader has at hand to compare with an index. */
export interface ModelIdentity {
  readonly name?: string
  readonly fingerprint: string
  readonly tokenizerHash: string
  readonly codecFingerprint: string
}

/**
 * Reads and checks a manifest. Unknown keys are ignored.
 *
 * @throws LateenError `index-invalid` naming the key that is wrong; `index-version`
 */
export function parseManifest(input: Uint8Array | string): Manifest {
  const value = parseJson(input, refuse)
  assertAcceptedVersion('manifest.json', ...envelopeShape(value, '', refuse).version)
  return checkManifest(value, '', refuse)
}

/**
 * The canonical text of a manifest: equal manifests give equal bytes, whatever the order of their keys.
 *
 * @throws LateenError `index-invalid` when the manifest breaks a rule
 */
export function serializeManifest(manifest: Manifest): string {
  const text = JSON.stringify(checkManifest(manifest, '', refuse), undefined, 2)
  // Lists of numbers can be long: one line each. A line break cannot stand in a JSON string.
  const compact = text.replace(/\[\n\s+\d+(?:,\n\s+\d+)*\n\s+\]/g, (numbers) =>
    numbers.replace(/\s+/g, '').replaceAll(',', ', '),
  )
  return `${compact}\n`
}

/** Fails with `index-version` unless this version of the library reads the given one. */
export function assertAcceptedVersion(file: string, major: number, minor: number): void {
  if (ACCEPTED_VERSIONS.some(([a, b]) => a === major && b === minor)) return
  const accepted = ACCEPTED_VERSIONS.map((version) => version.join('.')).join(', ')
  throw new LateenError(
    'index-version',
    `${file} has format version ${major}.${minor}; this version of Lateen reads ${accepted}. Build the index again with this version, or use the version it was built with.`,
  )
}

/** Fails with `index-model-mismatch` when vectors of this model cannot meet the vectors of the index. */
export function checkCompatible(manifest: Pick<Manifest, 'model' | 'codec'>, model: ModelIdentity): void {
  const { name, fingerprint, tokenizerHash } = manifest.model
  const sides: readonly (readonly [what: string, index: string, ours: string])[] = [
    ['model', fingerprint, model.fingerprint],
    ['tokenizer', tokenizerHash, model.tokenizerHash],
    ['codec', manifest.codec.fingerprint, model.codecFingerprint],
  ]
  for (const [what, index, ours] of sides) {
    if (index === ours) continue
    throw new LateenError(
      'index-model-mismatch',
      `The index was built with another ${what}: expected ${short(index)} (model "${name}"), found ${short(ours)}${
        model.name === undefined ? '' : ` (model "${model.name}")`
      }. Open the index with the model it was built with, or build it again with this one.`,
    )
  }
}

/** All files an index names, each once, in order of first mention. */
export function filesOf(manifest: Manifest): FileReference[] {
  return [...new Map(references(manifest).map((one) => [one.file, one])).values()]
}

export function filesOfSegment(segment: SegmentReference): FileReference[] {
  const { vectorFile, textFile, lexicalFile } = segment
  return lexicalFile ? [vectorFile, textFile, lexicalFile] : [vectorFile, textFile]
}

/** What a store holds of a file, each under a name of its own: all of it, or its parts in order. */
export function storedFiles(file: StoredFile & Pick<FileReference, 'parts'>): StoredFile[] {
  if (!file.parts) return [file]
  const dot = file.file.lastIndexOf('.')
  return file.parts.map((bytes, i) => ({
    file: `${file.file.slice(0, dot)}-${i}${file.file.slice(dot)}`,
    bytes,
  }))
}

/** What a store holds of an index beside the manifest, each once. */
export function storedFilesOf(manifest: Manifest): StoredFile[] {
  const stored = references(manifest).flatMap(storedFiles)
  return [...new Map(stored.map((one) => [one.file, one])).values()]
}

/** True for names this library gives to files and parts. */
export function isFileName(name: string): boolean {
  return /^[0-9a-f]{64}(-\d{1,4})?\.(vectors|text|lexical|codec)$/.test(name)
}

function references({ codec, segments }: Manifest): FileReference[] {
  return [...(codec.file ? [codec.file] : []), ...segments.flatMap(filesOfSegment)]
}

function file(extension: FileExtension): Check<FileReference> {
  const shape = object<FileReference>({
    file: text,
    bytes: integer(),
    sha256: hash,
    parts: optional(list(integer(1))),
  })
  return (value, path, refuse) => {
    const reference = shape(value, path, refuse)
    const { parts, bytes } = reference
    const name = `${reference.sha256}.${extension}`
    if (reference.file !== name) refuse(`${path}.file`, name, JSON.stringify(reference.file))
    if (!parts) return reference
    if (parts.length > MAX_PARTS) refuse(`${path}.parts`, `at most ${MAX_PARTS}`, `${parts.length}`)
    const sum = parts.reduce((total, part) => total + part, 0)
    return sum === bytes ? reference : refuse(`${path}.parts`, `lengths that add up to ${bytes}`, `${sum}`)
  }
}

const checkSegment: Check<SegmentReference> = (value, path, refuse) => {
  const segment = segmentShape(value, path, refuse)
  let previous = -1
  for (const number of segment.removed) {
    if (number <= previous || number >= segment.documents) {
      refuse(`${path}.removed`, `ascending numbers below ${segment.documents}`, `${number} after ${previous}`)
    }
    previous = number
  }
  return segment
}

const segmentShape = object<SegmentReference>({
  passages: integer(0, 0xffff_ffff),
  documents: integer(0, 0xffff_ffff),
  vectors: integer(0, 0xffff_ffff),
  vectorFile: file('vectors'),
  textFile: file('text'),
  lexicalFile: optional(file('lexical')),
  removed: list(integer()),
})

const baseShape = object<BaseReference>({ sha256: hash, segments: integer(), removedIds: list(text) })

const version: Check<Manifest['version']> = (value, path, refuse) => {
  const [major, minor, ...rest] = list(integer(0, 0xffff))(value, path, refuse)
  return major !== undefined && minor !== undefined && rest.length === 0
    ? [major, minor]
    : refuse(path, '[major, minor]', JSON.stringify(value))
}

/** What can be read of any version: enough to tell which one it is. */
const envelopeShape = object<Pick<Manifest, 'format' | 'version'>>({ format: oneOf('lateen-index'), version })

const manifestShape = object<Manifest>({
  format: oneOf('lateen-index'),
  version,
  revision: integer(1),
  model: object<Manifest['model']>({
    name: text,
    fingerprint: hash,
    tokenizerHash: hash,
    dim: integer(1, 0xffff),
    documentLength: integer(1),
  }),
  codec: object<Manifest['codec']>({
    kind: oneOf('residual', 'int8', 'f16', 'f32'),
    bits: oneOf(1, 2, 4, 8, 16, 32),
    fingerprint: hash,
    file: optional(file('codec')),
  }),
  pooling: object<Manifest['pooling']>({ factor: integer(1, 0xffff), protectedTokens: integer(0, 0xffff) }),
  passages: object<Manifest['passages']>({ policy: text, maxTokens: integer() }),
  segments: list(checkSegment),
  base: optional(baseShape),
})

const checkManifest: Check<Manifest> = (value, path, refuse) => {
  const manifest = manifestShape(value, path, refuse)
  const { base, segments } = manifest
  if (base && base.segments > segments.length) {
    refuse('base.segments', `at most ${segments.length}`, `${base.segments}`)
  }
  if (base?.removedIds.some((id, i, ids) => i > 0 && id <= ids[i - 1]!)) {
    refuse('base.removedIds', 'distinct ids in ascending order', 'another order')
  }
  return manifest
}

const refuse: Refuse = (path, expected, found) => {
  throw new LateenError(
    'index-invalid',
    `manifest.json is not a valid index manifest${path === '' ? '' : `, at ${path}`}: expected ${expected}, found ${found}. Check the address of the index, or build it again.`,
  )
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, 12)
}
