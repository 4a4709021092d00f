/** Model bundles in memory, made of the smallest one by changing single files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { LateenError } from '../errors.ts'
import { type ReadModelOptions, readModelBundle } from './bundle.ts'
import { checkFile, type ModelSource, missingFile } from './source.ts'

export const TINY = fileURLToPath(new URL('../../fixtures/tiny-model', import.meta.url))
export const SETTINGS = 'config_sentence_transformers.json'

export type Files = Record<string, Uint8Array>

export function filesOf(folder: string): Files {
  const files: Files = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[path.slice(folder.length + 1)] = new Uint8Array(readFileSync(path))
  }
  return files
}

/** @param read collects the paths that are read */
export function memorySource(files: Files, read: string[] = []): ModelSource {
  return {
    name: 'memory',
    location: 'memory:',
    async read(path, options = {}) {
      read.push(path)
      const bytes = files[path]
      if (!bytes) throw missingFile('memory:', path, 'no such file')
      await checkFile('memory:', path, bytes, options.expected)
      return bytes
    },
    has: async (path) => path in files,
  }
}

export const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
export const parse = (bytes: Uint8Array | undefined) =>
  JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>

export const tiny = () => filesOf(TINY)

/** The same files with the keys of one changed. */
export function changed(files: Files, path: string, change: object): Files {
  const old = files[path] ? parse(files[path]) : {}
  return { ...files, [path]: json({ ...old, ...change }) }
}

export function without(files: Files, ...paths: string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)))
}

export const tinyWith = (path: string, change: object) => changed(tiny(), path, change)

export const open = (files: Files, options?: ReadModelOptions) =>
  readModelBundle(memorySource(files), options)

export async function failure(files: Files, options?: ReadModelOptions): Promise<LateenError> {
  const error: unknown = await open(files, options).then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(LateenError)
  return error as LateenError
}

/** A safetensors file of float32 tensors. */
export function safetensors(
  tensors: Readonly<Record<string, { shape: readonly number[]; data: readonly number[] }>>,
): Uint8Array {
  let at = 0
  const header: Record<string, object> = {}
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += 4 * data.length)] }
  }
  const text = json(header)
  const bytes = new Uint8Array(8 + text.length + at)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  const values = Float32Array.from(Object.values(tensors).flatMap(({ data }) => data))
  bytes.set(new Uint8Array(values.buffer), 8 + text.length)
  return bytes
}
