/**
 * Puts a compiled MeCab dictionary beside a model: takes the descriptions of its words off, which only people
 * need, and packs it. What is left is still a dictionary MeCab opens, and parts text as before.
 *
 *     node tools/mecab-dictionary.mjs <folder of the dictionary> <folder of the model>
 *
 * The dictionary of the Python package unidic_lite, which the Japanese models of Tohoku University from v2 on
 * use, is in unidic_lite/dicdir of Python's site-packages.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const HEADER = 72
const MAGIC = 0xef718f77
const FILES = ['sys.dic', 'matrix.bin', 'char.bin', 'unk.dic']

const [dictionary, model] = process.argv.slice(2)
if (!dictionary || !model) {
  console.error('Usage: node tools/mecab-dictionary.mjs <folder of the dictionary> <folder of the model>')
  process.exit(2)
}
const out = join(model, 'mecab')
mkdirSync(out, { recursive: true })
for (const name of FILES) {
  const bytes = readFileSync(join(dictionary, name))
  const packed = gzipSync(name.endsWith('.dic') ? withoutDescriptions(bytes) : bytes, { level: 9 })
  writeFileSync(join(out, `${name}.gz`), packed)
  console.log(`${name}: ${bytes.length} bytes, ${packed.length} as ${name}.gz`)
}

/** Words of 16 bytes: ids on both sides, part of speech, cost, description, compound. */
function withoutDescriptions(bytes) {
  const arrayBytes = bytes.readUInt32LE(24)
  const wordBytes = bytes.readUInt32LE(28)
  const words = HEADER + arrayBytes
  const small = Buffer.alloc(words + wordBytes + 1)
  bytes.copy(small, 0, 0, words + wordBytes)
  for (let at = words; at < words + wordBytes; at += 16) {
    small.writeUInt16LE(0, at + 4)
    small.fill(0, at + 8, at + 16)
  }
  small.writeUInt32LE((small.length ^ MAGIC) >>> 0, 0)
  small.writeUInt32LE(1, 32)
  return small
}
