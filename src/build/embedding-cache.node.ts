/**
 * Vectors of passages that were coded before, in a folder of a few pack files. A cache is never
 * trusted: what is damaged is left out, and what fails costs time but never a build.
 *
 * Beside the packs stands one list of keys for every build that uses the folder: what none of the last
 * builds used is dropped once it takes as much room as the rest. Packs are written once and put in place
 * whole, so that builds at the same time do not disturb each other.
 */
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Codec } from '../compress/codec.ts'
import type { Manifest } from '../segment/manifest.ts'
import { VERSION } from '../version.ts'
import type { PassageStore } from './cached-coder.ts'
import { CODED_LAYOUT, readCoded, writeCoded } from './coded-bytes.ts'
import { openPack, PACK_EXTENSION, type Pack, packWriter, TEMPORARY_EXTENSION } from './pack-file.node.ts'

export interface EmbeddingCacheOptions {
  readonly folder: string
  /** Names the build among those that share the folder, e.g. by what it writes to. */
  readonly build: string
  /** What decides the codes of a text beside the text itself. */
  readonly model: Pick<Manifest['model'], 'fingerprint'>
  readonly codec: Codec
  readonly pooling: Manifest['pooling']
  readonly policy: string
  readonly onWarning: (message: string) => void
}

export interface EmbeddingCache extends PassageStore {
  /**
   * Puts in place what was added. After a build that went to its end, what the last builds did not use
   * may be dropped.
   */
  close(isComplete: boolean): void
}

const LIST_EXTENSION = '.used'
const HASH_BYTES = 32
/** Builds whose passages are kept. */
const MAX_BUILDS = 16
const MAX_PACKS = 16
/** Nobody works that long on one build. */
const STALE_MS = 24 * 60 * 60 * 1000

export function openEmbeddingCache(options: EmbeddingCacheOptions): EmbeddingCache {
  const { folder, codec, onWarning } = options
  const identity = JSON.stringify([
    VERSION,
    CODED_LAYOUT,
    options.model.fingerprint,
    codec.fingerprint,
    options.pooling.factor,
    options.pooling.protectedTokens,
    options.policy,
  ])
  const keyOf = (text: string) => createHash('sha256').update(`${identity}\0${text}`).digest('hex')
  const warnings = new Set<string>()
  const warn = (message: string) => {
    if (!warnings.has(message)) onWarning(message)
    warnings.add(message)
  }
  /** Runs a step that may fail; a cache is worth a try. */
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step()
    } catch (error) {
      warn(`The cache ${folder} cannot be used: ${error instanceof Error ? error.message : error}.`)
      return undefined
    }
  }

  const packs = attempt(() => openFolder(folder, warn)) ?? []
  const fresh = packWriter(folder)
  const used = new Set<string>()
  let isDamaged = false

  const read = (key: string) => {
    for (const pack of packs) {
      if (!pack.entries.has(key)) continue
      const bytes = attempt(() => pack.read(key))
      const coded = bytes && readCoded(codec, bytes)
      if (coded) return coded
      isDamaged = true
      warn(`Part of the cache is damaged and is made anew: ${pack.path}.`)
    }
    const bytes = attempt(() => fresh.read(key))
    return bytes && readCoded(codec, bytes)
  }

  return {
    get(text) {
      const key = keyOf(text)
      const coded = read(key)
      if (coded) used.add(key)
      return coded
    },
    put(text, coded) {
      const key = keyOf(text)
      used.add(key)
      attempt(() => fresh.add(key, writeCoded(coded)))
    },
    close(isComplete) {
      attempt(() => {
        const added = fresh.finish()
        if (!isComplete) return
        writeList(folder, options.build, used)
        if (added) packs.push(openPack(added))
        prune(folder, packs, isDamaged, warn)
      })
      fresh.discard()
      for (const pack of packs) attempt(() => pack.close())
    },
  }
}

/** Opens what is whole, removes what is not. */
function openFolder(folder: string, warn: (message: string) => void): Pack[] {
  mkdirSync(folder, { recursive: true })
  const packs: Pack[] = []
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (name.endsWith(TEMPORARY_EXTENSION) && Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path)
    if (!name.endsWith(PACK_EXTENSION)) continue
    try {
      packs.push(openPack(path))
    } catch (error) {
      warn(`A file of the cache is left out, ${path}: ${error instanceof Error ? error.message : error}.`)
      rmSync(path, { force: true })
    }
  }
  return packs
}

/** Writes what recent builds used anew when the rest takes half of the room, when packs are many, or damaged. */
function prune(
  folder: string,
  packs: readonly Pack[],
  isDamaged: boolean,
  warn: (message: string) => void,
): void {
  const wanted = recentKeys(folder, warn)
  let kept = 0
  let total = 0
  const seen = new Set<string>()
  for (const { entries } of packs) {
    for (const [key, { length }] of entries) {
      total += length
      if (wanted.has(key) && !seen.has(key)) kept += length
      seen.add(key)
    }
  }
  if (!isDamaged && kept * 2 > total && packs.length <= MAX_PACKS) return
  const joined = packWriter(folder)
  try {
    for (const pack of packs) {
      for (const key of pack.entries.keys()) {
        const value = wanted.has(key) && pack.read(key)
        if (value) joined.add(key, value)
      }
    }
    const path = joined.finish()
    for (const pack of packs) if (pack.path !== path) rmSync(pack.path, { force: true })
  } finally {
    joined.discard()
  }
}

/** The keys a build used, behind their own hash. */
function writeList(folder: string, build: string, keys: ReadonlySet<string>): void {
  const list = Buffer.concat([...keys].sort().map((key) => Buffer.from(key, 'hex')))
  const name = createHash('sha256').update(build).digest('hex').slice(0, 16)
  const path = join(folder, name + LIST_EXTENSION)
  const temporary = `${path}.${process.pid}${TEMPORARY_EXTENSION}`
  writeFileSync(temporary, Buffer.concat([createHash('sha256').update(list).digest(), list]))
  renameSync(temporary, path)
  const now = new Date()
  utimesSync(path, now, now)
}

function recentKeys(folder: string, warn: (message: string) => void): Set<string> {
  const lists = readdirSync(folder)
    .filter((name) => name.endsWith(LIST_EXTENSION))
    .map((name) => join(folder, name))
    .map((path) => ({ path, mtimeMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  const keys = new Set<string>()
  for (const [i, { path }] of lists.entries()) {
    const bytes = readFileSync(path)
    const list = bytes.subarray(HASH_BYTES)
    const isWhole = createHash('sha256').update(list).digest().equals(bytes.subarray(0, HASH_BYTES))
    if (!isWhole) warn(`A file of the cache is left out, ${path}: it is damaged.`)
    if (!isWhole || i >= MAX_BUILDS) rmSync(path, { force: true })
    else {
      for (let at = 0; at < list.length; at += HASH_BYTES) keys.add(list.toString('hex', at, at + HASH_BYTES))
    }
  }
  return keys
}
