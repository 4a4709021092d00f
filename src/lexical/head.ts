/** The head of the keyword file: what every search needs, whatever it looks for. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { LateenError } from '../errors.ts'
import { FIELDS } from './keywords.ts'
import { ANALYZER } from './terms.ts'
import {
  byteReader,
  bytesOf,
  putFloats,
  putText,
  putVarint,
  putVarints,
  putWords,
  type Refuse,
} from './varint.ts'

/** Bytes of a block's SHA-256 that the directory keeps. */
const CHECKSUM_BYTES = 4

export interface LexicalHead {
  /** Per field the number of distinct words of each passage. */
  readonly lengths: readonly ArrayLike<number>[]
  /** Weights other than 1 by passage, ascending. */
  readonly weights: ReadonlyMap<number, number>
  /** Words that occur in many passages, sorted by code unit. */
  readonly common: readonly CommonWord[]
  readonly blocks: readonly BlockReference[]
}

export interface CommonWord {
  /** Folded, as it is written in a passage; its term follows from it. */
  readonly word: string
  /** How often the term occurs in the file; 0 when another common word with this term says so. */
  readonly occurrences: number
}

export interface BlockReference {
  readonly firstWord: string
  readonly packedBytes: number
  readonly rawBytes: number
  /** First bytes of the SHA-256 of the packed block as hex digits. */
  readonly checksum: string
}

export function encodeHead({ lengths, weights, common, blocks }: LexicalHead): Uint8Array {
  return bytesOf((list) => {
    putText(list, ANALYZER)
    putText(list, FIELDS.join(' '))
    putVarint(list, lengths[0]!.length)
    for (const ofField of lengths) putVarints(list, ofField)
    putVarint(list, weights.size)
    putVarints(list, [...weights.keys()])
    putFloats(list, [...weights.values()])
    putWords(
      list,
      common.map(({ word }) => word),
    )
    for (const { occurrences } of common) putVarint(list, occurrences)
    putWords(
      list,
      blocks.map(({ firstWord }) => firstWord),
    )
    for (const { packedBytes } of blocks) putVarint(list, packedBytes)
    for (const { rawBytes } of blocks) putVarint(list, rawBytes)
    for (const { checksum } of blocks) list.append(hexToBytes(checksum))
  })
}

/**
 * @param name of the file, for messages
 * @throws LateenError `index-invalid` when it was made by another version of the analyzer; what `refuse` throws
 */
export function decodeHead(bytes: Uint8Array, name: string, refuse: Refuse): LexicalHead {
  const reader = byteReader(bytes, refuse)
  const expected = `${ANALYZER}, fields ${FIELDS.join(' ')}`
  const found = `${reader.text()}, fields ${reader.text()}`
  if (found !== expected) {
    throw new LateenError(
      'index-invalid',
      `The keyword index ${name} was made in another way: expected ${expected}; found ${found}. Build the index again with this version of Lateen.`,
    )
  }
  const numPassages = reader.varint()
  const lengths = FIELDS.map(() => reader.varints(numPassages))
  const numWeights = reader.varint()
  const weighted = reader.varints(numWeights)
  const weights = reader.floats(numWeights)
  for (const [i, weight] of weights.entries()) {
    const valid = weight >= 0 && weight <= 10 && weighted[i]! < numPassages
    if (!valid) refuse(`weights of 0 to 10 of passages below ${numPassages}`, `${weight} of ${weighted[i]}`)
  }
  const words = reader.words()
  const occurrences = reader.varints(words.length)
  const firstWords = reader.words()
  const packedBytes = reader.varints(firstWords.length)
  const rawBytes = reader.varints(firstWords.length)
  const blocks = firstWords.map(
    (firstWord, i): BlockReference => ({
      firstWord,
      packedBytes: packedBytes[i]!,
      rawBytes: rawBytes[i]!,
      checksum: bytesToHex(reader.bytes(CHECKSUM_BYTES)),
    }),
  )
  reader.end()
  return {
    lengths,
    weights: new Map(weights.map((weight, i) => [weighted[i]!, weight])),
    common: words.map((word, i) => ({ word, occurrences: occurrences[i]! })),
    blocks,
  }
}
