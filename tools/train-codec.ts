/**
 * Trains the fixed codec of a model bundle and writes it to `<model>/codec.bin`.
 *
 *   node scripts/train-codec.mjs --sections sections.jsonl.xz [--model public/models/lateen-mini]
 *       [--count 6000] [--factor 2] [--centroids 256] [--iterations 12] [--seed 1]
 *
 * `--sections` holds one JSON object a line, with `source`, `title`, `heading` and `text`; a name that
 * ends in `.xz` is unpacked by the `xz` program. Sections are drawn by the seed, as evenly over the
 * sources as their sizes allow, encoded by the bundle itself, pooled, and their vectors are the
 * sample. The same input, model and machine give the same bytes; another processor can round the
 * model's int8 arithmetic differently. Run scripts/bundle-model.mjs afterwards: it lists the file.
 */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { writeCodecFile } from '../src/compress/codec-file.ts'
import { poolTokens } from '../src/compress/pool.ts'
import { RESIDUAL_BITS, trainResidualCodecs } from '../src/compress/residual.ts'
import type { Encoder } from '../src/encode/encoder.ts'
import { bundledModel, loadNodeEncoder } from '../src/encode/load.node.ts'
import { encodedText } from '../src/text/passages.ts'
import type { TokenMatrix } from '../src/types.ts'
import { seededRandom } from '../src/util/random.ts'

/** Shorter texts are headings of other sections more often than prose. */
const MIN_CHARACTERS = 40
const ENCODE_AT_A_TIME = 256

interface SectionLine {
  readonly source: string
  readonly title: string
  readonly heading: string
  readonly text: string
}

const { values } = parseArgs({
  options: {
    sections: { type: 'string' },
    model: { type: 'string', default: bundledModel() },
    count: { type: 'string', default: '6000' },
    factor: { type: 'string', default: '2' },
    centroids: { type: 'string', default: '256' },
    iterations: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
})
if (!values.sections) throw new Error('--sections is missing: name a file of sections.')
const seed = Number(values.seed)

const texts = drawEvenly(await readSections(values.sections), Number(values.count), seed).map((line) => {
  const { title, heading, text } = JSON.parse(line) as SectionLine
  return encodedText({ title, headings: heading && heading !== title ? [heading] : [], text }).text
})
const { encoder } = await loadNodeEncoder({ model: values.model })
const sample = await pooledVectors(encoder, texts, Number(values.factor))
await encoder.dispose()
console.error(`${texts.length} sections, ${sample.numTokens} pooled vectors of ${sample.dim} dimensions`)

const codecs = trainResidualCodecs(sample, {
  numCentroids: Number(values.centroids),
  iterations: Number(values.iterations),
  seed,
})
const file = join(values.model, 'codec.bin')
const bytes = writeCodecFile(codecs)
await writeFile(file, bytes)
console.error(`${file}: ${bytes.length} bytes`)
for (const bits of RESIDUAL_BITS) console.error(`${bits} bits: ${codecs(bits).fingerprint}`)

/** The lines of the file by source. Lines stay text, which is smaller than what it parses to. */
async function readSections(path: string): Promise<ReadonlyMap<string, string[]>> {
  const sources = new Map<string, string[]>()
  for await (const line of createInterface({ input: open(path) })) {
    const { source, text } = JSON.parse(line) as SectionLine
    if (text.length < MIN_CHARACTERS) continue
    const lines = sources.get(source)
    if (lines) lines.push(line)
    else sources.set(source, [line])
  }
  return sources
}

function open(path: string): Readable {
  if (!path.endsWith('.xz')) return createReadStream(path)
  return spawn('xz', ['--decompress', '--stdout', path], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout
}

/** One line of every source in turn, until there are enough. */
function drawEvenly(sources: ReadonlyMap<string, string[]>, count: number, seed: number): string[] {
  const random = seededRandom(seed)
  const names = [...sources.keys()].sort()
  for (const name of names) shuffle(sources.get(name)!, random)
  const drawn: string[] = []
  const longest = Math.max(...[...sources.values()].map((lines) => lines.length))
  for (let round = 0; round < longest; round++) {
    for (const name of names) {
      const line = sources.get(name)![round]
      if (line !== undefined && drawn.push(line) === count) return drawn
    }
  }
  return drawn
}

function shuffle(lines: string[], random: () => number): void {
  for (let i = lines.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const line = lines[i]!
    lines[i] = lines[j]!
    lines[j] = line
  }
}

async function pooledVectors(
  encoder: Encoder,
  texts: readonly string[],
  factor: number,
): Promise<TokenMatrix> {
  const pooled: TokenMatrix[] = []
  for (let start = 0; start < texts.length; start += ENCODE_AT_A_TIME) {
    const encoded = await encoder.encodeDocuments(texts.slice(start, start + ENCODE_AT_A_TIME))
    for (const { matrix } of encoded) pooled.push(poolTokens(matrix, { factor }))
    console.error(`encoded ${pooled.length} of ${texts.length}`)
  }
  const { dim } = encoder.spec
  const numTokens = pooled.reduce((sum, matrix) => sum + matrix.numTokens, 0)
  const data = new Float32Array(numTokens * dim)
  let at = 0
  for (const matrix of pooled) {
    data.set(matrix.data, at)
    at += matrix.data.length
  }
  return { data, numTokens, dim }
}
