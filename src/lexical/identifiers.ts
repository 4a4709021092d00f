/**
 * Which words of a query are names rather than language: `AbortController.abort()`, `--no-verify`,
 * `snake_case`, `E0308`, `C++`. A reader who types one wants exactly that, so meaning must not outvote it.
 */
import { isStopWord } from './stop-words.ts'
import { fold, termsOf, wordsOf } from './terms.ts'

export interface Identifiers {
  /** Terms of the identifiers, and of those parts of them that are identifiers too. */
  readonly terms: ReadonlySet<string>
  /** True when the query holds nothing else but function words. */
  readonly only: boolean
}

export function identifiersOf(query: string): Identifiers {
  const terms = new Set<string>()
  let others = 0
  for (const word of wordsOf(query)) {
    const named = isMarkedAsName(query, word.start, word.end)
    const found = termsOf(word).filter(
      ({ start, end }, i) => (named && i === 0) || looksLikeName(query.slice(start, end)),
    )
    for (const { term } of found) terms.add(term)
    if (found.length === 0 && !isStopWord(fold(word.text))) others++
  }
  return { terms, only: terms.size > 0 && others === 0 }
}

const NAME_PATTERNS: readonly RegExp[] = [
  /_/,
  /\p{Ll}\p{Lu}/u,
  // HTMLElement, but not the plural in APIs.
  /\p{Lu}{2}(?!s\b)\p{Ll}/u,
  /\d\p{L}|\p{L}\d|\d{3}|\d\.\d/u,
  /[+#]$/,
  // Between parts of two letters at least, which leaves out e.g. and U.S.
  /[^\s.]{2}[.:#@]+[^\s.]{2}/,
  /\/[^/]+\//,
]

function looksLikeName(text: string): boolean {
  return NAME_PATTERNS.some((pattern) => pattern.test(text))
}

/** A flag, variable, tag, dotted file or scope in front, or the parentheses of a call behind. */
function isMarkedAsName(query: string, start: number, end: number): boolean {
  return /(?:^|[\s"'`(])(?:-{1,2}|[@#$./]|::)$/.test(query.slice(0, start)) || query.startsWith('()', end)
}
