/** What fixtures/plaid holds. Its generate.py says how it was made. */
import { readFileSync } from 'node:fs'
import type { TokenMatrix } from '../types.ts'

export const FIXTURES = [
  { name: 'stanford-2bit', layout: 'torch', bits: 2, numCentroids: 24, numIds: undefined },
  { name: 'pylate-4bit', layout: 'numpy', bits: 4, numCentroids: 300, numIds: 30 },
  { name: 'next-plaid-1bit', layout: 'numpy', bits: 1, numCentroids: 32, numIds: undefined },
] as const

export interface Expected {
  readonly dim: number
  readonly doclens: readonly number[]
  /** All vectors, decoded and of length 1. */
  readonly decoded: Float32Array
  readonly queries: readonly {
    readonly query: TokenMatrix
    /** Passages, best first. */
    readonly top: readonly number[]
    /** Of every passage. */
    readonly scores: readonly number[]
  }[]
}

export function readExpected(name: string): Expected {
  const { dim, doclens, decoded, queries } = JSON.parse(
    readFileSync(`fixtures/plaid/${name}/expected.json`, 'utf8'),
  ) as {
    dim: number
    doclens: number[]
    decoded: string
    queries: { vectors: string; top: number[]; scores: number[] }[]
  }
  return {
    dim,
    doclens,
    decoded: floats(decoded),
    queries: queries.map(({ vectors, top, scores }) => {
      const data = floats(vectors)
      return { query: { data, dim, numTokens: data.length / dim }, top, scores }
    }),
  }
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)
}
