/** Strings whose every UTF-16 unit remembers which part of a source text it came from. */

export interface Traced {
  readonly text: string
  /** One per unit of `text`, never falling: where its origin starts and ends in the source. */
  readonly start: readonly number[]
  readonly end: readonly number[]
}

/** A text that is its own source. */
export function trace(text: string): Traced {
  const start = Array.from({ length: text.length }, (_, unit) => unit)
  return { text, start, end: start.map((unit) => unit + 1) }
}

export function sliceTraced(source: Traced, from: number, to: number): Traced {
  return {
    text: source.text.slice(from, to),
    start: source.start.slice(from, to),
    end: source.end.slice(from, to),
  }
}

export function joinTraced(parts: readonly Traced[]): Traced {
  return {
    text: parts.map((part) => part.text).join(''),
    start: parts.flatMap((part) => part.start),
    end: parts.flatMap((part) => part.end),
  }
}

/** A character with the marks that combine with it: what normalisation works on, with few exceptions. */
const CLUSTER = /[\s\S]\p{M}*/gu

/**
 * Applies `change` to the whole text and finds out, cluster by cluster, what became of what. Where
 * the whole differs from its changed clusters (final sigma, composed jamo, trimmed edges) the two
 * are brought together again at the nearest unit they share.
 */
export function transformTraced(source: Traced, change: (text: string) => string): Traced {
  const whole = change(source.text)
  if (whole === source.text) return source
  const known = new Map<string, string>()
  const start: number[] = []
  const end: number[] = []
  let text = ''
  for (const { 0: cluster, index } of source.text.matchAll(CLUSTER)) {
    let changed = known.get(cluster)
    if (changed === undefined) known.set(cluster, (changed = change(cluster)))
    text += changed
    for (let i = 0; i < changed.length; i++) {
      start.push(source.start[index]!)
      end.push(source.end[index + cluster.length - 1]!)
    }
  }
  const changed = { text, start, end }
  return text === whole ? changed : realign(whole, changed)
}

/** Gives the units of `whole` the origins that the similar text `parts` has. */
function realign(whole: string, parts: Traced): Traced {
  const start: number[] = []
  const end: number[] = []
  const last = parts.end.at(-1) ?? 0
  let j = 0
  for (let i = 0; i < whole.length; ) {
    const [skipped, passed] = whole[i] === parts.text[j] ? [1, 1] : nearestAgreement(whole, i, parts.text, j)
    const from = parts.start[j] ?? last
    const to = passed > 0 ? (parts.end[j + passed - 1] ?? last) : from
    for (let k = 0; k < skipped; k++) {
      start.push(from)
      end.push(to)
    }
    i += skipped
    j += passed
  }
  return { text: whole, start, end }
}

/** How far to look for a shared unit before two strings are taken to differ in one unit only. */
const REACH = 32

function nearestAgreement(a: string, i: number, b: string, j: number): [skipped: number, passed: number] {
  for (let total = 1; total <= REACH; total++) {
    for (let skipped = 0; skipped <= total; skipped++) {
      const passed = total - skipped
      // Past both ends counts as agreement too: undefined equals undefined there.
      if (i + skipped <= a.length && j + passed <= b.length && a[i + skipped] === b[j + passed]) {
        return [skipped, passed]
      }
    }
  }
  return [1, 1]
}
