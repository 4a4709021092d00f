/**
 * The table SentencePiece models normalise with: strings and what replaces them, in a double array
 * (Aoe 1989; the layout of darts-clone, 32 bits a unit) over UTF-8.
 */

/** @param base64 the number of bytes of the array, the array, and the replacements, each ended by a zero byte */
export function readCharsmap(base64: string): (text: string) => string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const arrayBytes = view.getUint32(0, true)
  if (arrayBytes > bytes.length - 4) throw new Error('precompiled_charsmap is cut off')
  const units = Uint32Array.from({ length: arrayBytes >> 2 }, (_, i) => view.getUint32(4 + 4 * i, true))
  const replacements = bytes.subarray(4 + arrayBytes)

  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const encoder = new TextEncoder()
  const known = new Map<string, string | undefined>()

  /** What the shortest entry that `part` begins with is replaced by; the rest of `part` goes with it. */
  function replacement(part: string): string | undefined {
    let at = offsetOf(units[0] ?? 0)
    for (const byte of encoder.encode(part)) {
      if (byte === 0) return undefined
      at ^= byte
      const unit = units[at] ?? 0
      if ((unit & 0x800000ff) !== byte) return undefined
      at ^= offsetOf(unit)
      if ((unit >>> 8) & 1) {
        const from = (units[at] ?? 0) & 0x7fffffff
        const to = replacements.indexOf(0, from)
        return decoder.decode(replacements.subarray(from, to < 0 ? replacements.length : to))
      }
    }
    return undefined
  }

  function looked(part: string): string | undefined {
    if (known.has(part)) return known.get(part)
    if (known.size >= MAX_KNOWN) known.clear()
    const found = replacement(part)
    known.set(part, found)
    return found
  }

  const each = (text: string) => {
    let changed = ''
    for (const character of text) changed += looked(character) ?? character
    return changed
  }
  const cluster = (text: string) => (encoder.encode(text).length < 6 ? looked(text) : undefined) ?? each(text)

  return (text) =>
    text.replace(PIECES, (piece, joined: string | undefined) =>
      joined === undefined
        ? each(piece)
        : Array.from(clusters.segment(joined), (c) => cluster(c.segment)).join(''),
    )
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}

const MAX_KNOWN = 65_536
const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What may stand in a cluster with the character before it, and what with the one after. */
const JOINING =
  '\\p{M}\\p{Cf}\\p{Gr_Ext}\\u0e33\\u0eb3\\r\\n\\u1100-\\u11ff\\ua960-\\ua97f\\ud7b0-\\ud7ff\\u{1f1e6}-\\u{1f1ff}\\u{1f3fb}-\\u{1f3ff}'
const PREPENDED =
  '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u0d4e\\u{110bd}\\u{110cd}\\u{111c2}\\u{111c3}'
/** Characters that stand alone, or (captured) some that may not, with their neighbours. */
const PIECES = new RegExp(
  `(?:(?![${PREPENDED}])[^${JOINING}](?![${JOINING}]))+|([^${JOINING}]?(?:[${PREPENDED}][^${JOINING}]?|[${JOINING}])+|[${PREPENDED}])`,
  'gu',
)
