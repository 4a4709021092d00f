/** Fetches a file to disk: what came of an earlier attempt is gone on from, and nothing counts before it is whole. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LateenError } from '../errors.ts'
import { type FileFacts, hashOf, type ReadOptions } from './source.ts'
import type { HttpSource } from './source-http.ts'
import { diskError } from './store.node.ts'
import type { Sink } from './transfer.ts'

export interface DownloadTo {
  /** Where the file will be. */
  readonly file: string
  /** Folder for what has not come in full. */
  readonly parts: string
}

/**
 * Several processes may fetch the same file: each writes a part of its own, and the last one to finish
 * replaces the file with its equal.
 *
 * @throws LateenError as reading the source does; `model-invalid` when twice something else came;
 *         `storage-full`, `storage-unavailable`
 */
export async function download(
  source: HttpSource,
  path: string,
  facts: FileFacts | undefined,
  { file, parts }: DownloadTo,
  options: Omit<ReadOptions, 'expected'>,
): Promise<void> {
  const name = hashOf(facts) ?? encodeURIComponent(path)
  const part = await claimPart(parts, name)
  try {
    for (const isLast of [false, true]) {
      const sink = await fileSink(part)
      try {
        await source.receive(path, sink, { ...options, expected: facts }, isLast ? 'reload' : undefined)
      } finally {
        await sink.close()
      }
      const wrong = facts && (await differenceOf(part, facts))
      if (!wrong) break
      await rm(part, { force: true })
      if (isLast) {
        throw new LateenError(
          'model-invalid',
          `${path} of the model at ${source.location} ${wrong}. Try again; if it stays so, the host has damaged the file.`,
        )
      }
    }
    await mkdir(dirname(file), { recursive: true })
    await rename(part, file)
  } catch (error) {
    // The next attempt, of whichever process, goes on from here.
    await rename(part, join(parts, `${name}.part`)).catch(() => undefined)
    throw diskError(file, error)
  }
}

/** After this a part has been left behind, whatever process number it bears. */
const ABANDONED_AFTER_MS = 10 * 60_000

/** A part of this process alone, with what an earlier attempt left. */
async function claimPart(parts: string, name: string): Promise<string> {
  const own = join(parts, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`)
  try {
    await mkdir(parts, { recursive: true })
    for (const entry of await readdir(parts)) {
      if (!entry.startsWith(`${name}.`) || (await isInUse(join(parts, entry), entry))) continue
      // Only one process succeeds in this.
      if (
        await rename(join(parts, entry), own).then(
          () => true,
          () => false,
        )
      )
        break
    }
    return own
  } catch (error) {
    throw diskError(parts, error)
  }
}

async function isInUse(part: string, entry: string): Promise<boolean> {
  const pid = /\.(\d+)-[0-9a-f]+\.part$/.exec(entry)?.[1]
  if (!pid || !isRunning(Number(pid))) return false
  const stats = await stat(part).catch(() => undefined)
  return stats !== undefined && Date.now() - stats.mtimeMs < ABANDONED_AFTER_MS
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function fileSink(file: string): Promise<Sink & { close(): Promise<void> }> {
  const handle = await open(file, 'a').catch((error: unknown) => {
    throw diskError(file, error)
  })
  let { size: length } = await handle.stat()
  let version: string | undefined
  const onDisk = async (write: () => Promise<unknown>) => {
    try {
      await write()
    } catch (error) {
      throw diskError(file, error)
    }
  }
  return {
    get length() {
      return length
    },
    get version() {
      return version
    },
    async append(bytes) {
      await onDisk(() => handle.appendFile(bytes))
      length += bytes.length
    },
    async restart(next) {
      if (length > 0) await onDisk(() => handle.truncate(0))
      length = 0
      version = next
    },
    close: () => handle.close(),
  }
}

/** What is wrong with a file, in words; undefined when it is what it should be. */
export async function differenceOf(file: string, facts: FileFacts): Promise<string | undefined> {
  const { size } = await stat(file)
  if (size !== facts.bytes) return `should have ${facts.bytes} bytes and has ${size}`
  const stated = hashOf(facts)
  if (!stated) return undefined
  const hash = createHash(facts.sha256 ? 'sha256' : 'sha1')
  if (!facts.sha256) hash.update(`blob ${size}\0`)
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  const found = hash.digest('hex')
  return found === stated ? undefined : `should have the hash ${stated} and has ${found}`
}
