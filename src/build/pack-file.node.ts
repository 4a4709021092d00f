/**
 * Pack files: many small values in one file that is written once. The values come first, then a table of
 * key, length and checksum of each, then the number of values and a mark. The file is named by the SHA-256
 * of the table, which vouches for every value in turn: nothing that was cut, mixed up or spoiled is read.
 */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'

const KEY_BYTES = 32
const CHECK_BYTES = 16
const ROW_BYTES = KEY_BYTES + 4 + CHECK_BYTES
const MARK = Buffer.from('LTNPACK1')
const FOOTER_BYTES = 4 + MARK.length
export const PACK_EXTENSION = '.pack'
/** Of files in the making. */
export const TEMPORARY_EXTENSION = '.tmp'

interface Entry {
  readonly offset: number
  readonly length: number
  readonly check: string
}

export interface Pack {
  readonly path: string
  /** Keys in hex, with the length of their values. */
  readonly entries: ReadonlyMap<string, { readonly length: number }>
  /** The value; undefined when there is none or it is damaged. */
  read(key: string): Uint8Array | undefined
  close(): void
}

/** Opens a pack. Fails with an `Error` that says what is wrong with it. */
export function openPack(path: string): Pack {
  const descriptor = openSync(path, 'r')
  try {
    return { path, ...reader(descriptor, readTable(descriptor, basename(path, PACK_EXTENSION))) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

export interface PackWriter extends Pick<Pack, 'entries' | 'read'> {
  /** Adds a value; of two under one key the first stays. */
  add(key: string, value: Uint8Array): void
  /** Puts the pack in place and returns its path; without values there is none. */
  finish(): string | undefined
  /** Leaves nothing behind. */
  discard(): void
}

export function packWriter(folder: string): PackWriter {
  const temporary = join(folder, `${process.pid}-${randomBytes(6).toString('hex')}${TEMPORARY_EXTENSION}`)
  const entries = new Map<string, Entry>()
  let descriptor: number | undefined
  let size = 0
  const discard = () => {
    if (descriptor === undefined) return
    closeSync(descriptor)
    descriptor = undefined
    rmSync(temporary, { force: true })
  }
  return {
    entries,
    read: (key) => (descriptor === undefined ? undefined : readEntry(descriptor, entries.get(key))),
    add(key, value) {
      if (entries.has(key)) return
      descriptor ??= openSync(temporary, 'wx+')
      writeAll(descriptor, value, size)
      entries.set(key, { offset: size, length: value.length, check: checksum(value) })
      size += value.length
    },
    finish() {
      if (descriptor === undefined) return undefined
      const table = tableOf(entries)
      writeAll(descriptor, table, size)
      closeSync(descriptor)
      descriptor = undefined
      const path = join(folder, nameOf(table) + PACK_EXTENSION)
      try {
        renameSync(temporary, path)
      } catch (error) {
        rmSync(temporary, { force: true })
        throw error
      }
      return path
    },
    discard,
  }
}

function reader(descriptor: number, entries: ReadonlyMap<string, Entry>): Omit<Pack, 'path'> {
  return {
    entries,
    read: (key) => readEntry(descriptor, entries.get(key)),
    close: () => closeSync(descriptor),
  }
}

function readEntry(descriptor: number, entry: Entry | undefined): Uint8Array | undefined {
  if (!entry) return undefined
  const value = readAll(descriptor, entry.offset, entry.length)
  // Not a Buffer: its methods differ from those of other byte arrays.
  return value && checksum(value) === entry.check
    ? new Uint8Array(value.buffer, value.byteOffset, value.length)
    : undefined
}

function tableOf(entries: ReadonlyMap<string, Entry>): Buffer {
  const table = Buffer.alloc(entries.size * ROW_BYTES + FOOTER_BYTES)
  let at = 0
  for (const [key, { length, check }] of entries) {
    table.write(key, at, 'hex')
    table.writeUInt32LE(length, at + KEY_BYTES)
    table.write(check, at + KEY_BYTES + 4, 'hex')
    at += ROW_BYTES
  }
  table.writeUInt32LE(entries.size, at)
  MARK.copy(table, at + 4)
  return table
}

function readTable(descriptor: number, name: string): Map<string, Entry> {
  const { size } = fstatSync(descriptor)
  const footer = size >= FOOTER_BYTES ? readAll(descriptor, size - FOOTER_BYTES, FOOTER_BYTES) : undefined
  if (!footer?.subarray(4).equals(MARK)) throw new Error('it is cut off, or no pack')
  const length = footer.readUInt32LE(0) * ROW_BYTES + FOOTER_BYTES
  const table = length <= size ? readAll(descriptor, size - length, length) : undefined
  if (!table || nameOf(table) !== name) throw new Error('its table is damaged')
  const entries = new Map<string, Entry>()
  let offset = 0
  for (let at = 0; at < length - FOOTER_BYTES; at += ROW_BYTES) {
    const entry = {
      offset,
      length: table.readUInt32LE(at + KEY_BYTES),
      check: table.toString('hex', at + KEY_BYTES + 4, at + ROW_BYTES),
    }
    entries.set(table.toString('hex', at, at + KEY_BYTES), entry)
    offset += entry.length
  }
  return entries
}

function nameOf(table: Uint8Array): string {
  return createHash('sha256').update(table).digest('hex')
}

function checksum(value: Uint8Array): string {
  return createHash('sha256')
    .update(value)
    .digest('hex')
    .slice(0, 2 * CHECK_BYTES)
}

function readAll(descriptor: number, offset: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const count = readSync(descriptor, bytes, done, length - done, offset + done)
    if (count === 0) return undefined
    done += count
  }
  return bytes
}

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done)
}
