/** Small indexes of other libraries, read and scored, against what those libraries' code gives. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readCodecFile, writeExactCodecFile } from '../compress/codec-file.ts'
import { decodeVectors } from '../compress/decode.ts'
import { exactCodec, vectorConverter } from './codec.ts'
import { type Expected, FIXTURES, readExpected } from './fixtures.node.ts'
import { readPlaid } from './read.node.ts'

describe.each(FIXTURES)('$name', ({ name, layout, bits, numCentroids, numIds }) => {
  const expected: Expected = readExpected(name)

  test('sizes, tables and ids are read', async () => {
    const index = await readPlaid(`fixtures/plaid/${name}`)
    expect(index).toMatchObject({ layout, bits, dim: expected.dim, numCentroids })
    expect([...index.doclens]).toEqual(expected.doclens)
    expect(index.cutoffs).toHaveLength(2 ** bits - 1)
    expect(index.ids?.length).toBe(numIds)
    if (index.ids) expect(index.ids.slice(0, 2)).toEqual(['doc-100', 'doc-99'])
  })

  test('vectors are decoded as the library decodes them', async () => {
    const index = await readPlaid(`fixtures/plaid/${name}`)
    let at = 0
    for await (const chunk of index.chunks()) {
      // The codec is that of any sample: exact values do not depend on it.
      const codec = exactCodec(index, { codes: chunk.codes.slice(0, 1), residuals: chunk.residuals })
      const stored = readCodecFile(writeExactCodecFile(codec))(bits)
      const { data } = decodeVectors(stored, vectorConverter(index, codec)(chunk, 0, chunk.codes.length))
      expect(data.length).toBe(chunk.codes.length * index.dim)
      data.forEach((value, i) => {
        expect(Math.abs(value - expected.decoded[at + i]!)).toBeLessThan(2e-7)
      })
      at += data.length
    }
    expect(at).toBe(expected.decoded.length)
  })

  test('the inverted lists name the passages of every centroid', async () => {
    const index = await readPlaid(`fixtures/plaid/${name}`)
    const { lengths, passages } = await index.readLists()
    const members = Array.from({ length: numCentroids }, () => new Set<number>())
    for await (const { firstPassage, doclens, codes } of index.chunks()) {
      let row = 0
      for (const [i, length] of doclens.entries()) {
        for (let k = 0; k < length; k++) members[codes[row++]!]!.add(firstPassage + i)
      }
    }
    expect([...lengths]).toEqual(members.map(({ size }) => size))
    expect([...passages]).toEqual(members.flatMap((list) => [...list]))
  })
})

test('the fixtures cover ids of two bytes and a passage without vectors', async () => {
  const index = await readPlaid('fixtures/plaid/pylate-4bit/fast_plaid_index')
  let largest = 0
  for await (const { codes } of index.chunks()) largest = codes.reduce((a, b) => Math.max(a, b), largest)
  expect(largest).toBeGreaterThan(255)
  expect(index.doclens.includes(0)).toBe(true)
  expect(index.ids).toHaveLength(index.doclens.length)
  expect(readFileSync('fixtures/plaid/pylate-4bit/fast_plaid_index/0.residuals.npy', 'latin1')).toContain(
    '<u1',
  )
})
