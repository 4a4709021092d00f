/** Reading and converting a PLAID index, measured in a process that has done nothing else. */
import { exactCodec, vectorConverter } from '../src/plaid/codec.ts'
import type { PlaidIndex } from '../src/plaid/plaid.ts'
import { readPlaid } from '../src/plaid/read.node.ts'
import { segmentBuilder } from '../src/segment/write.ts'

const ROUNDS = 3

export interface Measurement {
  readonly vectors: number
  /** Median: every file parsed and checked. */
  readonly readSeconds: number
  /** Median: reading, taking codes over, and the vector file of a segment in memory. */
  readonly convertSeconds: number
  /** Resident memory of the process before the first round, and at its highest during it. */
  readonly beforeBytes: number
  readonly peakBytes: number
}

export async function measure(folder: string): Promise<Measurement> {
  const beforeBytes = highestMemory()
  const convertTimes = [await seconds(async () => convert(await readPlaid(folder)))]
  const peakBytes = highestMemory()
  const readTimes: number[] = []
  let vectors = 0
  for (let round = 0; round < ROUNDS; round++) {
    readTimes.push(
      await seconds(async () => {
        const index = await readPlaid(folder)
        vectors = index.numVectors
        for await (const { codes } of index.chunks()) void codes
      }),
    )
    convertTimes.push(await seconds(async () => convert(await readPlaid(folder))))
  }
  return {
    vectors,
    readSeconds: median(readTimes),
    convertSeconds: median(convertTimes),
    beforeBytes,
    peakBytes,
  }
}

async function convert(index: PlaidIndex): Promise<void> {
  let builder: ReturnType<typeof segmentBuilder> | undefined
  let passage = 0
  for await (const chunk of index.chunks()) {
    const codec = exactCodec(index, chunk)
    const take = vectorConverter(index, codec)
    const model = { fingerprint: '0'.repeat(64), tokenizerHash: '0'.repeat(64) }
    builder ??= segmentBuilder({ model, codec, pooling: { factor: 1, protectedTokens: 0 } })
    let from = 0
    for (const numVectors of chunk.doclens) {
      const id = `${passage++}`
      const text = { documentId: id, ordinal: 0, title: '', headings: [], url: '', text: '', metadata: {} }
      const vectors = take(chunk, from, from + numVectors)
      builder.add({
        id,
        metadata: {},
        contentHash: '00',
        passages: [{ passage: text, numVectors }],
        vectors,
      })
      from += numVectors
    }
  }
  builder?.finish()
}

function highestMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (performance.now() - startMs) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
