/**
 * Reads the index folders of fast-plaid, next-plaid, Stanford's ColBERT and PyLate. Both layouts hold the same
 * things: centroids, buckets, and in chunks the number of vectors per passage, a centroid and packed residuals
 * per vector.
 */
import { access, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { ResidualBits } from '../compress/codec.ts'
import { RESIDUAL_BITS } from '../compress/residual.ts'
import { LateenError } from '../errors.ts'
import { integer, list, object, parseJson, type Refuse } from '../segment/check.ts'
import { readIds } from './ids.node.ts'
import { parseNpy } from './npy.ts'
import type { PlaidChunk, PlaidIndex, PlaidLayout } from './plaid.ts'
import { assertShape, bytesOf, damaged, floatsOf, integersOf, type Tensor } from './tensor.ts'
import { parseTorch } from './torch.ts'

/** Where PyLate keeps the files of fast-plaid, below its own folder. */
const FAST_PLAID_FOLDER = 'fast_plaid_index'
const MAX_CHUNKS = 1_000_000

/** The tensors both layouts have, read by what they mean. */
interface Files {
  readonly layout: PlaidLayout
  centroids(): Promise<Tensor>
  /** Cutoffs and weights. */
  buckets(): Promise<readonly [Tensor, Tensor]>
  codes(chunk: number): Promise<Tensor>
  residuals(chunk: number): Promise<Tensor>
  /** Passages and lengths. */
  lists(): Promise<readonly [Tensor, Tensor]>
}

export interface ReadPlaidOptions {
  /** False leaves the ids that PyLate keeps beside the index alone. @default true */
  readonly withIds?: boolean
}

/**
 * Opens an index: everything but the vectors is read now, and those chunk by chunk when they are asked for.
 *
 * @param folder of the index; PyLate's folder, which has another one inside, is good too
 * @throws LateenError `index-not-found` when there is none; `index-invalid` when `metadata.json` is damaged;
 *         `index-version` when it is of a kind this version does not read; `segment-missing`, `segment-corrupt`,
 *         `segment-too-large`; `bad-argument` for ids in SQLite, in a Node that cannot read it
 */
export async function readPlaid(
  folder: string,
  { withIds = true }: ReadPlaidOptions = {},
): Promise<PlaidIndex> {
  const files = await findFiles(resolve(folder))
  const metadata = await readMetadata(files.folder)
  const bits = bitsOf(metadata)
  const numChunks = await numChunksOf(metadata)

  const centroidTensor = await files.centroids()
  assertShape(centroidTensor, undefined, undefined)
  const [numCentroids, dim] = centroidTensor.shape as [number, number]
  if (numCentroids < 1) throw damaged(centroidTensor.name, 'at least one centroid', 'none')
  if (dim < 1 || (dim * bits) % 8 !== 0) {
    throw unsupported(`a dimension whose codes of ${bits} bits fill whole bytes`, `${dim}`)
  }
  const [cutoffTensor, weightTensor] = await files.buckets()
  assertShape(cutoffTensor, 2 ** bits - 1)
  assertShape(weightTensor, 2 ** bits)

  const doclens: Uint32Array[] = []
  for (let chunk = 0; chunk < numChunks; chunk++) doclens.push(await readDoclens(files.folder, chunk))
  const all = joined(doclens)
  const home = basename(files.folder) === FAST_PLAID_FOLDER ? dirname(files.folder) : files.folder
  const ids = withIds ? await readIds(home, all.length) : undefined
  return {
    folder: files.folder,
    layout: files.layout,
    dim,
    bits,
    numCentroids,
    centroids: floatsOf(centroidTensor),
    cutoffs: ascending(cutoffTensor),
    weights: ascending(weightTensor),
    doclens: all,
    numVectors: all.reduce((sum, length) => sum + length, 0),
    metadata,
    ...(ids && { ids }),
    async *chunks() {
      let firstPassage = 0
      for (const [i, lengths] of doclens.entries()) {
        yield await readChunk(files, i, { firstPassage, doclens: lengths }, numCentroids, (dim * bits) / 8)
        firstPassage += lengths.length
      }
    },
    async readLists() {
      const [passageTensor, lengthTensor] = await files.lists()
      assertShape(lengthTensor, undefined)
      const lengths = integersOf(lengthTensor)
      const total = lengths.reduce((sum, length) => sum + length, 0)
      const passages = integersOf(passageTensor)
      // Stanford's ends with zeros that belong to no list.
      if (passages.length < total)
        throw damaged(passageTensor.name, `${total} passages`, `${passages.length}`)
      return { lengths, passages: passages.subarray(0, total) }
    },
  }
}

async function readChunk(
  files: Files,
  number: number,
  place: Pick<PlaidChunk, 'firstPassage' | 'doclens'>,
  numCentroids: number,
  rowBytes: number,
): Promise<PlaidChunk> {
  const numVectors = place.doclens.reduce((sum, length) => sum + length, 0)
  const codeTensor = await files.codes(number)
  assertShape(codeTensor, numVectors)
  const codes = integersOf(codeTensor, numCentroids)
  const residualTensor = await files.residuals(number)
  assertShape(residualTensor, numVectors, rowBytes)
  return { ...place, codes, residuals: bytesOf(residualTensor) }
}

async function findFiles(folder: string): Promise<Files & { readonly folder: string }> {
  for (const place of [folder, join(folder, FAST_PLAID_FOLDER)]) {
    if (await exists(join(place, 'centroids.npy'))) return { folder: place, ...numpyFiles(place) }
    if (await exists(join(place, 'centroids.pt'))) return { folder: place, ...torchFiles(place) }
  }
  throw new LateenError(
    'index-not-found',
    `Expected a PLAID index in ${folder}, found neither centroids.npy nor centroids.pt there. Name the folder that fast-plaid, next-plaid, PyLate or Stanford's ColBERT wrote.`,
  )
}

function numpyFiles(folder: string): Files {
  const read = async (name: string) => parseNpy(await readBytes(folder, name), name)
  return {
    layout: 'numpy',
    centroids: () => read('centroids.npy'),
    buckets: async () => [await read('bucket_cutoffs.npy'), await read('bucket_weights.npy')],
    codes: (chunk) => read(`${chunk}.codes.npy`),
    residuals: (chunk) => read(`${chunk}.residuals.npy`),
    lists: async () => [await read('ivf.npy'), await read('ivf_lengths.npy')],
  }
}

function torchFiles(folder: string): Files {
  const read = async <const N extends 1 | 2>(name: string, count: N) => {
    const tensors = parseTorch(await readBytes(folder, name), name)
    if (tensors.length !== count) throw damaged(name, `${count} tensors`, `${tensors.length}`)
    return tensors as unknown as N extends 1 ? readonly [Tensor] : readonly [Tensor, Tensor]
  }
  return {
    layout: 'torch',
    centroids: async () => (await read('centroids.pt', 1))[0],
    buckets: () => read('buckets.pt', 2),
    codes: async (chunk) => (await read(`${chunk}.codes.pt`, 1))[0],
    residuals: async (chunk) => (await read(`${chunk}.residuals.pt`, 1))[0],
    lists: () => read('ivf.pid.pt', 2),
  }
}

async function readMetadata(folder: string): Promise<Record<string, unknown>> {
  if (!(await exists(join(folder, 'metadata.json')))) {
    throw new LateenError(
      'index-not-found',
      `Expected metadata.json in ${folder}, found none: the index was not finished. Build it again.`,
    )
  }
  const value = parseJson(await readBytes(folder, 'metadata.json'), refuseIn('metadata.json'))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  return refuseIn('metadata.json')('', 'an object', typeof value)
}

/** Stanford's `metadata.json` has it among the settings. */
function bitsOf(metadata: Readonly<Record<string, unknown>>): ResidualBits {
  const { nbits = (metadata['config'] as { nbits?: unknown } | undefined)?.nbits } = metadata
  const bits = RESIDUAL_BITS.find((known) => known === nbits)
  if (bits === undefined) throw unsupported('residuals of 4, 2 or 1 bits (nbits)', `${JSON.stringify(nbits)}`)
  return bits
}

function numChunksOf(metadata: Readonly<Record<string, unknown>>): number {
  const shape = object<{ num_chunks: number }>({ num_chunks: integer(0, MAX_CHUNKS) })
  return shape(metadata, '', refuseIn('metadata.json')).num_chunks
}

async function readDoclens(folder: string, chunk: number): Promise<Uint32Array> {
  const name = `doclens.${chunk}.json`
  const refuse = refuseIn(name)
  const lengths = list(integer(0, 0xffff_ffff))
  return Uint32Array.from(lengths(parseJson(await readBytes(folder, name), refuse), '', refuse))
}

function ascending(tensor: Tensor): Float32Array {
  const values = floatsOf(tensor)
  if (values.every((value, i) => i === 0 || value >= values[i - 1]!)) return values
  throw damaged(tensor.name, 'ascending numbers', values.join(', '))
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

async function readBytes(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw new LateenError(
        'segment-missing',
        `Expected ${name} in ${folder}, found none. Copy the whole folder of the PLAID index.`,
        { cause },
      )
    }
    throw new LateenError(
      code === 'ERR_FS_FILE_TOO_LARGE' ? 'segment-too-large' : 'segment-corrupt',
      `${name} in ${folder} cannot be read: ${message}. Files of up to 2 GiB can; build the index in smaller chunks.`,
      { cause },
    )
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

const refuseIn =
  (name: string): Refuse =>
  (path, expected, found) => {
    throw new LateenError(
      'index-invalid',
      `${name} of the PLAID index is damaged${path === '' ? '' : `, at ${path}`}: expected ${expected}, found ${found}. Copy the index again, or build it again.`,
    )
  }

function unsupported(expected: string, found: string): LateenError {
  return new LateenError(
    'index-version',
    `This PLAID index is of a kind that is not read: expected ${expected}, found ${found}. Build it again with other settings.`,
  )
}
