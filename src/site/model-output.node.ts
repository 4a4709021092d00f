/** A model bundle as a site serves it: what browsers load of it, its large files compressed. */
import { createHash } from 'node:crypto'
import { readFile as readStored } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { gzipSync } from 'fflate'
import type { BuildModel } from '../build/build-model.node.ts'
import { HEAD_TENSOR } from '../model/head-files.ts'
import { openSafetensors } from '../model/safetensors.ts'
import type { FileFacts } from '../model/source.ts'
import type { OutputFile } from './output-files.node.ts'

const MANIFEST = 'lateen.json'
/** Where the model stands below the index. */
export const MODEL_FOLDER = 'model'
/** Below this a request costs more than the bytes. */
const MIN_GZIP_BYTES = 16_384
/** What is barely smaller is not worth unpacking. */
const MAX_GZIP_SHARE = 0.95

/**
 * The files of a bundle, and a `lateen.json` that states for each what it must be and, where it is stored
 * compressed, in how many bytes. The same model gives the same bytes anywhere.
 *
 * @param out where the files will stand: what an earlier build compressed is taken from there
 */
export async function modelOutput(
  model: Pick<BuildModel, 'folder' | 'files' | 'readFile' | 'readRange'>,
  out: string,
): Promise<OutputFile[]> {
  const { folder, files, readFile } = model
  const outputs: OutputFile[] = []
  const facts: Record<string, FileFacts & { gzip?: number }> = {}
  for (const path of files) {
    if (path === MANIFEST) continue
    const bytes = path === ROOT_WEIGHTS ? await headAlone(model) : await readFile(path)
    const at = `${MODEL_FOLDER}/${path}`
    const sha256 = sha256Of(bytes)
    const packed = await compressed(bytes, sha256, join(out, `${at}.gzip`))
    outputs.push(packed ? { path: `${at}.gzip`, bytes: packed } : { path: at, bytes })
    facts[path] = { bytes: bytes.length, sha256, ...(packed ? { gzip: packed.length } : {}) }
  }
  const own = files.includes(MANIFEST)
    ? (JSON.parse(new TextDecoder().decode(await readFile(MANIFEST))) as object)
    : { name: basename(resolve(folder)), format: 'lateen-model', version: 1 }
  const manifest = Buffer.from(`${JSON.stringify({ ...own, files: facts }, undefined, 2)}\n`)
  return [...outputs, { path: `${MODEL_FOLDER}/${MANIFEST}`, bytes: manifest }]
}

/** A whole transformer, in a checkpoint that keeps its projection among it. The graph stands for the rest. */
const ROOT_WEIGHTS = 'model.safetensors'

/** The projection of such a file in a file of its own. Nothing else of it is read, which can be gigabytes. */
async function headAlone({
  readFile,
  readRange,
}: Pick<BuildModel, 'readFile' | 'readRange'>): Promise<Uint8Array> {
  const { tensor } = await openSafetensors((from, to) => readRange(ROOT_WEIGHTS, from, to), ROOT_WEIGHTS)
  const head = await tensor(HEAD_TENSOR)
  if (!head) return readFile(ROOT_WEIGHTS)
  const { shape, data } = head
  const entry = { dtype: 'F32', shape, data_offsets: [0, data.byteLength] }
  const header = Buffer.from(JSON.stringify({ [HEAD_TENSOR]: entry }))
  const length = Buffer.alloc(8)
  length.writeUInt32LE(header.length)
  return Buffer.concat([length, header, Buffer.from(data.buffer)])
}

/** Undefined when it does not pay. Compressing takes seconds: what unpacks to the same bytes is taken as it is. */
async function compressed(
  bytes: Uint8Array,
  sha256: string,
  earlier: string,
): Promise<Uint8Array | undefined> {
  if (bytes.length < MIN_GZIP_BYTES) return undefined
  const stored = await readStored(earlier).catch(() => undefined)
  if (stored && unpacksTo(stored, sha256)) return stored
  const packed = gzipSync(bytes, { level: 9, mtime: 0 })
  return packed.length <= bytes.length * MAX_GZIP_SHARE ? packed : undefined
}

function unpacksTo(packed: Uint8Array, sha256: string): boolean {
  try {
    return sha256Of(gunzipSync(packed)) === sha256
  } catch {
    return false
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
