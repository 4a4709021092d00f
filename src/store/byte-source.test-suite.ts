/** What every byte source promises. */
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../util/random.ts'
import type { ByteSource } from './store.ts'

export interface SourceSample {
  readonly source: ByteSource
  /** What the source must say. */
  readonly bytes: Uint8Array
}

/** @param sample makes a source of at least 600 bytes */
export function byteSourceSuite(name: string, sample: () => Promise<SourceSample>): void {
  describe(`byte source: ${name}`, () => {
    test('gives the whole file', async () => {
      const { source, bytes } = await sample()
      expect(source.byteLength).toBe(bytes.length)
      expect(same(await source.read(0, bytes.length), bytes)).toBe(true)
    })

    test('gives any part of it, at its edges and across them', async () => {
      const { source, bytes } = await sample()
      const random = seededRandom(7)
      const ranges = [
        [0, 1],
        [bytes.length - 1, 1],
        [bytes.length, 0],
        [0, 0],
        [1, bytes.length - 1],
      ]
      for (let i = 0; i < 30; i++) {
        const offset = Math.floor(random() * bytes.length)
        ranges.push([offset, Math.floor(random() * (bytes.length - offset))])
      }
      for (const [offset, length] of ranges as [number, number][]) {
        const part = await source.read(offset, length)
        expect(same(part, bytes.subarray(offset, offset + length)), `${length} bytes at ${offset}`).toBe(true)
      }
    })

    test.each([
      [-1, 2],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
      [Number.POSITIVE_INFINITY, 0],
    ])('refuses %d + %d', async (offset, length) => {
      const { source } = await sample()
      await expect(source.read(offset, length)).rejects.toMatchObject({ code: 'segment-corrupt' })
    })

    test('refuses what lies behind the end', async () => {
      const { source, bytes } = await sample()
      const refused = { code: 'segment-corrupt' }
      await expect(source.read(0, bytes.length + 1)).rejects.toMatchObject(refused)
      await expect(source.read(bytes.length, 1)).rejects.toMatchObject(refused)
      await expect(source.read(bytes.length + 1, 0)).rejects.toMatchObject(refused)
    })

    test('serves concurrent reads', async () => {
      const { source, bytes } = await sample()
      const offsets = Array.from({ length: 20 }, (_, i) => i * 25)
      const parts = await Promise.all(offsets.map((offset) => source.read(offset, 50)))
      offsets.forEach((offset, i) => {
        expect(same(parts[i]!, bytes.subarray(offset, offset + 50))).toBe(true)
      })
    })

    test('gives bytes that belong to the caller', async () => {
      const { source, bytes } = await sample()
      const first = await source.read(0, bytes.length)
      first.fill(0)
      structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] })
      expect(same(await source.read(0, bytes.length), bytes)).toBe(true)
    })

    test('stops when aborted, and works again afterwards', async () => {
      const { source, bytes } = await sample()
      await expect(source.read(0, 10, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
      expect(same(await source.read(0, 10), bytes.subarray(0, 10))).toBe(true)
    })

    test('has methods that need no object', async () => {
      const { source, bytes } = await sample()
      const { read } = source
      expect(same(await read(0, 10), bytes.subarray(0, 10))).toBe(true)
    })
  })
}

/** Bytes that tell every offset from its neighbours. */
export function sampleBytes(length: number): Uint8Array {
  const random = seededRandom(length)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
