/** What the search box says: texts by language, filled in with numbers and plural forms of that language. */
import type { HeatWords } from './heat-map.ts'
import { en } from './strings/en.ts'
import type { PluralForms, Strings, StringsOverride } from './strings/types.ts'

/** The languages that are built in, loaded when they are needed. */
const LANGUAGES: Readonly<Record<string, () => Promise<Strings>>> = {
  en: async () => en,
  de: async () => (await import('./strings/de.ts')).de,
  fr: async () => (await import('./strings/fr.ts')).fr,
  es: async () => (await import('./strings/es.ts')).es,
  ja: async () => (await import('./strings/ja.ts')).ja,
  zh: async () => (await import('./strings/zh.ts')).zh,
}

/** Texts with the rules of their language. */
export interface Words {
  /** BCP 47, e.g. `de`. */
  readonly lang: string
  readonly strings: Strings
  /** Fills the `{names}` of a text. */
  fill(text: string, values: Readonly<Record<string, string | number>>): string
  /** The form for `n`, with `{n}` and other names filled in. */
  plural(forms: PluralForms, n: number, values?: Readonly<Record<string, string>>): string
  integer(value: number): string
  /** Bytes as megabytes, or kilobytes below one. */
  bytes(value: number): string
  readonly heat: HeatWords
}

/** The built-in language that serves a page in `lang`; English where there is none. */
export function languageOf(lang: string): string {
  const base = lang.toLowerCase().split('-')[0]!
  return Object.hasOwn(LANGUAGES, base) ? base : 'en'
}

/** Texts for a page in `lang`. A language whose file cannot be loaded is replaced by English. */
export async function loadWords(lang: string, override: StringsOverride = {}): Promise<Words> {
  const language = languageOf(lang)
  try {
    return wordsOf(language, await LANGUAGES[language]!(), override)
  } catch (error) {
    console.warn(`lateen-search: the texts for "${language}" could not be loaded:`, error)
    return englishWords(override)
  }
}

export const englishWords = (override: StringsOverride = {}): Words => wordsOf('en', en, override)

function wordsOf(lang: string, base: Strings, override: StringsOverride): Words {
  const strings = merge(base, override)
  const rules = new Intl.PluralRules(lang)
  const number = new Intl.NumberFormat(lang)
  const fixed = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  const percent = new Intl.NumberFormat(lang, { style: 'percent' })
  const unit = (name: string, digits: number) =>
    new Intl.NumberFormat(lang, { style: 'unit', unit: name, maximumFractionDigits: digits })

  const fill: Words['fill'] = (text, values) =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(Object.hasOwn(values, name) ? values[name] : whole),
    )
  const plural: Words['plural'] = (forms, n, values = {}) =>
    fill(forms[rules.select(n)] ?? forms.other, { ...values, n: number.format(n) })
  const { explain } = strings

  return {
    lang,
    strings,
    fill,
    plural,
    integer: (value) => number.format(value),
    bytes: (value) =>
      value < 1e6 ? unit('kilobyte', 0).format(value / 1e3) : unit('megabyte', 1).format(value / 1e6),
    heat: {
      ...explain,
      score: (score, tokens) => plural(explain.score, tokens, { score: fixed.format(score) }),
      pair: (query, passage, similarity, share) =>
        fill(explain.pair, {
          query,
          passage,
          similarity: fixed.format(similarity),
          share: percent.format(share),
        }),
      legendLow: explain.low,
      legendHigh: explain.high,
      legendMatch: explain.match,
      similarity: (value) => fill(explain.similarity, { value: fixed.format(value) }),
      number: (value) => fixed.format(value),
      share: (value) => percent.format(value),
    },
  }
}

/** Tables are merged; texts, lists and plural forms are replaced as a whole. */
function merge<T extends object>(base: T, override: object): T {
  const known = base as Readonly<Record<string, unknown>>
  const replaced = Object.entries(override)
    .filter(([key, value]) => value !== undefined && Object.hasOwn(base, key))
    .map(([key, value]) => [key, isTable(known[key]) && isTable(value) ? merge(known[key], value) : value])
  return { ...base, ...Object.fromEntries(replaced) }
}

const isTable = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('other' in value)
