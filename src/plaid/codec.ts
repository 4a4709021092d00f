/**
 * PLAID's codec and codes as ours. Both are a centroid and a bucket per dimension, so nothing is quantised anew:
 * codes are put into another order, and the exact bucket values go with the codec. What is added are the two
 * approximations that our kernels count with, whole-numbered buckets and sixteen lengths.
 */
import { type CodedVectors, type ResidualCodec, SCALE_LEVELS } from '../compress/codec.ts'
import { codecFingerprint } from '../compress/codec-bytes.ts'
import { lloydLevels } from '../compress/lloyd.ts'
import { nearestLevel, packCodes } from '../compress/residual-row.ts'
import { LateenError } from '../errors.ts'
import type { PlaidChunk, PlaidIndex } from './plaid.ts'

/** Largest bucket value in units of the step, as our own codecs have it. */
const MAX_WEIGHT = 63
/** Ids of centroids take two bytes at most. */
const MAX_CENTROIDS = 65_536
/** About this many vectors decide the sixteen lengths. */
const SAMPLE_VECTORS = 16_384

export type PlaidTables = Pick<
  PlaidIndex,
  'dim' | 'bits' | 'numCentroids' | 'centroids' | 'cutoffs' | 'weights'
>

/**
 * @param sample vectors of the index, for the lengths that kernels count with
 * @throws LateenError `index-version` with more than 65,536 centroids
 */
export function exactCodec(
  tables: PlaidTables,
  sample: Pick<PlaidChunk, 'codes' | 'residuals'>,
): ResidualCodec {
  const { dim, bits, numCentroids, centroids, cutoffs, weights: exactWeights } = tables
  if (numCentroids > MAX_CENTROIDS) {
    throw new LateenError(
      'index-version',
      `Expected at most ${MAX_CENTROIDS} centroids, found ${numCentroids}: the index is too large to be searched in a browser. Divide its documents among several indexes.`,
    )
  }
  const largest = exactWeights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0)
  const weightStep = largest > 0 ? Math.fround(largest / MAX_WEIGHT) : 1
  const parts = {
    bits,
    dim,
    numCentroids,
    centroids,
    cutoffs,
    weights: Int8Array.from(exactWeights, (weight) => Math.round(weight / weightStep)),
    weightStep,
    scales: scaleTable(tables, sample),
    exactWeights,
  }
  return { kind: 'residual', ...parts, fingerprint: codecFingerprint(parts) }
}

function scaleTable(tables: PlaidTables, { codes, residuals }: Pick<PlaidChunk, 'codes' | 'residuals'>) {
  const read = rowReader(tables)
  const step = Math.max(Math.ceil(codes.length / SAMPLE_VECTORS), 1)
  const scales = Float32Array.from({ length: Math.ceil(codes.length / step) }, (_, i) =>
    scaleOf(read(codes[i * step]!, residuals, i * step)),
  )
  if (scales.length === 0) return new Float32Array(SCALE_LEVELS).fill(1)
  return new Float32Array(lloydLevels(scales.sort(), SCALE_LEVELS))
}

/** Turns vectors `from` to `to` of a chunk into ours. */
export type ConvertVectors = (
  chunk: Pick<PlaidChunk, 'codes' | 'residuals'>,
  from: number,
  to: number,
) => CodedVectors

/** @param codec of the same index */
export function vectorConverter(tables: PlaidTables, codec: ResidualCodec): ConvertVectors {
  const { dim, bits } = codec
  const read = rowReader(tables)
  const rowBytes = (dim * bits) / 8
  const Ids = codec.numCentroids <= 256 ? Uint8Array : Uint16Array
  return ({ codes, residuals }, from, to) => {
    const numVectors = to - from
    const packed = new Uint8Array(numVectors * rowBytes)
    const scales = new Uint8Array(Math.ceil(numVectors / 2))
    for (let i = 0; i < numVectors; i++) {
      const row = read(codes[from + i]!, residuals, from + i)
      packCodes(row.codes, bits, packed, i * rowBytes)
      scales[i >> 1]! |= nearestLevel(codec.scales, scaleOf(row)) << (4 * (i & 1))
    }
    return { numVectors, codes: packed, centroidIds: Ids.from(codes.subarray(from, to)), scales }
  }
}

/** A vector taken apart: its bucket numbers, and its length before it is brought to 1. */
interface Row {
  readonly codes: Uint8Array
  length: number
}

const scaleOf = ({ length }: Row) => (length > 0 ? 1 / length : 1)

/** Returns the same object every time. */
function rowReader({ dim, bits, centroids, weights }: PlaidTables) {
  const perByte = 8 / bits
  const rowBytes = dim / perByte
  const unpacked = unpackTable(bits)
  const row: Row = { codes: new Uint8Array(dim), length: 0 }
  return (centroid: number, residuals: Uint8Array, vector: number): Row => {
    let square = 0
    for (let j = 0, d = 0, c = centroid * dim; j < rowBytes; j++) {
      const entry = residuals[vector * rowBytes + j]! * perByte
      for (let k = 0; k < perByte; k++, d++, c++) {
        const code = unpacked[entry + k]!
        row.codes[d] = code
        square += (centroids[c]! + weights[code]!) ** 2
      }
    }
    row.length = Math.sqrt(square)
    return row
  }
}

/**
 * The bucket numbers in every byte: dimensions follow each other from the highest bits down, and of each number
 * the lowest bit comes first.
 */
function unpackTable(bits: number): Uint8Array {
  const perByte = 8 / bits
  const table = new Uint8Array(256 * perByte)
  for (let byte = 0; byte < 256; byte++) {
    for (let k = 0; k < perByte; k++) {
      for (let bit = 0; bit < bits; bit++) {
        table[byte * perByte + k]! |= ((byte >> (7 - k * bits - bit)) & 1) << bit
      }
    }
  }
  return table
}
