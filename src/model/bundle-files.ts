/** The files of one bundle, checked against its manifest, with progress over all of them. */
import { isLateenError, LateenError } from '../errors.ts'
import type { OnProgress } from '../types.ts'
import { sha256HexOfFile } from '../util/hash.ts'
import type { Json, JsonReader } from './layout.ts'
import { areFacts, type FileFacts, isInside, type ModelSource, missingFile } from './source.ts'

/** `lateen.json`: the files of a bundle and what they must be. Other layouts have none. */
export interface BundleManifest {
  readonly format: 'lateen-model'
  readonly version: 1
  readonly name: string
  readonly files: Readonly<Record<string, FileFacts>>
  /** Tokens of the longest text its graphs take. @default what `config.json` says, where it does */
  readonly positions?: number
}

export interface ReadBundleOptions {
  /** ONNX file of the bundle, where it is none of those that are looked for. */
  readonly weights?: string | undefined
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BundleFiles {
  readonly name: string
  /** Of the manifest, where it has them. */
  readonly positions: number | undefined
  readonly json: JsonReader
  read(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** The same for the last and largest file: from then on the total is known, and reported. */
  readLast(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** The bytes `from` (inclusive) to `to` (exclusive) of a large file; fewer when it ends before. */
  readRange(path: string, from: number, to: number, signal?: AbortSignal): Promise<Uint8Array>
  has(path: string): Promise<boolean>
  /** Bytes of a file, unpacked; undefined when neither manifest nor host states them. */
  size(path: string): Promise<number | undefined>
  /** SHA-256, as the manifest or the host states it, else computed. */
  hash(path: string): Promise<string>
  parse(path: string, bytes: Uint8Array): Json
  /** Bytes of the files read so far, unpacked. */
  bytesRead(): number
  /** Counts another download along with the files: how much of it has come, and will come in all. */
  track(stage: string, received: number, total?: number): void
}

const MANIFEST = 'lateen.json'

export async function bundleFiles(
  source: ModelSource,
  { onProgress, signal }: ReadBundleOptions,
): Promise<BundleFiles> {
  const description = await readManifest(source, signal)
  const manifest = description?.manifest
  const received = new Map<string, number>()
  const expected = new Map<string, number>()
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)
  const startedAt = performance.now()
  let isLast = false
  let loadedBytes = 0

  /** Before the last file nobody knows what else will be read. */
  const isTotalKnown = () =>
    isLast && (manifest !== undefined || [...received.keys()].every((path) => expected.has(path)))

  function report(path: string, bytes: number) {
    received.set(path, Math.max(bytes, received.get(path) ?? 0))
    const done = sum(received)
    const total = isTotalKnown() ? sum(expected) : undefined
    const elapsed = performance.now() - startedAt
    onProgress?.({
      job: 'model',
      stage: path,
      done,
      unit: 'bytes',
      ...(total === undefined ? {} : { total }),
      ...(total !== undefined && elapsed > ESTIMATE_AFTER_MS
        ? { remainingMs: Math.round((elapsed / done) * (total - done)) }
        : {}),
    })
  }

  // Read for what it says, and wanted again soon after.
  let kept = description && { path: MANIFEST, bytes: description.bytes }

  async function read(path: string, readSignal = signal): Promise<Uint8Array> {
    if (kept?.path === path) {
      const { bytes } = kept
      kept = undefined
      return bytes
    }
    const facts = factsOf(path)
    if (manifest && !facts && path !== MANIFEST) {
      throw missingFile(source.location, path, `its ${MANIFEST} does not name it`)
    }
    const storedBytes = facts?.gzip ?? facts?.bytes ?? (await source.size?.(path, { signal: readSignal }))
    if (storedBytes !== undefined) expected.set(path, storedBytes)
    const bytes = await source.read(path, {
      expected: facts,
      signal: readSignal,
      // A host that unpacks on the way delivers more than it stores.
      onBytes: (count) => report(path, Math.min(count, storedBytes ?? count)),
    })
    report(path, storedBytes ?? bytes.length)
    loadedBytes += bytes.length
    return bytes
  }

  async function has(path: string): Promise<boolean> {
    const facts = factsOf(path)
    return manifest ? facts !== undefined : source.has(path, { signal })
  }

  /** Paths come from files of the bundle too, and must stay inside it. */
  function factsOf(path: string): FileFacts | undefined {
    if (!isInside(path)) {
      throw new LateenError(
        'model-invalid',
        `The model names ${JSON.stringify(path)}, which lies outside of it.`,
      )
    }
    return manifest && Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
  }

  const required = async (path: string) => parse(path, await read(path))
  return {
    name: manifest?.name ?? source.name,
    positions: manifest?.positions,
    read,
    readLast(path, readSignal) {
      isLast = true
      return read(path, readSignal)
    },
    async readRange(path, from, to, readSignal = signal) {
      const facts = factsOf(path)
      // Of what is stored compressed no part can be had alone.
      if (facts?.gzip !== undefined || !source.readRange)
        return (await read(path, readSignal)).subarray(from, to)
      const bytes = await source.readRange(path, from, to, { expected: facts, signal: readSignal })
      loadedBytes += bytes.length
      return bytes
    },
    has,
    size: async (path) => {
      const facts = factsOf(path)
      return facts ? facts.bytes : source.size?.(path, { signal })
    },
    parse,
    json: {
      required,
      optional: async (path) => ((await has(path)) ? required(path) : undefined),
    },
    async hash(path) {
      const known = factsOf(path)?.sha256 ?? (await source.sha256?.(path))
      if (known) return known
      const bytes = await read(path)
      kept = { path, bytes }
      return sha256HexOfFile(bytes)
    },
    bytesRead: () => loadedBytes,
    track(stage, bytes, total) {
      if (total !== undefined) expected.set(stage, total)
      report(stage, bytes)
    },
  }

  function parse(path: string, bytes: Uint8Array): Json {
    return parseObject(source, path, bytes)
  }
}

/** Before this, the rate is a guess. */
const ESTIMATE_AFTER_MS = 500

async function readManifest(
  source: ModelSource,
  signal: AbortSignal | undefined,
): Promise<{ manifest: BundleManifest; bytes: Uint8Array } | undefined> {
  let bytes: Uint8Array
  try {
    bytes = await source.read(MANIFEST, { signal })
  } catch (error) {
    if (isLateenError(error, 'model-missing-file')) return undefined
    throw error
  }
  const manifest = parseObject(source, MANIFEST, bytes) as unknown as BundleManifest
  if (manifest.format !== 'lateen-model') {
    throw new LateenError('model-invalid', `${source.location} has a ${MANIFEST} that describes no model.`)
  }
  if (manifest.version !== 1) {
    throw new LateenError(
      'model-unsupported',
      `The model at ${source.location} is described in version ${manifest.version} of ${MANIFEST}; this version reads 1. Update Lateen.`,
    )
  }
  const wrong = Object.entries(manifest.files ?? {}).find(
    ([path, facts]) => !isInside(path) || !areFacts(facts),
  )
  if (!manifest.files || wrong) {
    throw new LateenError(
      'model-invalid',
      `${MANIFEST} of the model at ${source.location} should state length and hash of every file, found ${JSON.stringify(wrong ?? 'none')}. Copy the model again.`,
    )
  }
  const { positions = 1 } = manifest
  if (!(Number.isSafeInteger(positions) && positions > 0)) {
    throw new LateenError(
      'model-invalid',
      `${MANIFEST} of the model at ${source.location} should have a positive whole number as positions, found ${JSON.stringify(positions)}. Convert the model again.`,
    )
  }
  return { manifest, bytes }
}

function parseObject(source: ModelSource, path: string, bytes: Uint8Array): Json {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LateenError(
      'model-invalid',
      `${path} of the model at ${source.location} is not JSON: ${reason}. Copy the model again.`,
      { cause },
    )
  }
  if (typeof json === 'object' && json !== null) return json as Json
  throw new LateenError('model-invalid', `${path} of the model at ${source.location} is no JSON object.`)
}
