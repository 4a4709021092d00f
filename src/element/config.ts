/** The attributes of `<lateen-search>` as values: checked and completed here, once. */
import { parseShortcuts, type Shortcut } from './shortcut.ts'

export const OBSERVED = [
  'index',
  'model',
  'site-root',
  'mode',
  'shortcut',
  'meaning',
  'filters',
  'all-languages',
  'recent',
  'prefill',
  'offline',
  'theme',
  'label',
  'placeholder',
  'limit',
  'highlight',
  'lang',
] as const

export interface Config {
  /** URL of the index folder, with a slash at its end. */
  readonly index: string
  /** URL of the model bundle; undefined: next to the index. */
  readonly model: string | undefined
  /** URL that addresses of hits are resolved against. */
  readonly siteRoot: string
  readonly inline: boolean
  readonly shortcuts: readonly Shortcut[]
  readonly meaning: 'intent' | 'ask' | 'off'
  readonly filters: readonly FilterKey[]
  readonly allLanguages: boolean
  /** How many recent searches are kept. */
  readonly recent: number
  readonly prefill: boolean
  readonly offline: boolean
  readonly theme: 'auto' | 'light' | 'dark'
  readonly label: string | undefined
  readonly placeholder: string | undefined
  readonly limit: number
  /** Whether the words that were found are highlighted on the page a hit leads to. */
  readonly highlight: boolean
}

export interface FilterKey {
  /** Key of the metadata. */
  readonly key: string
  readonly label: string
}

/** @param base URL of the folder the element's script was loaded from: the default index */
export function readConfig(element: HTMLElement, base: string): Config {
  const text = (name: string) => element.getAttribute(name)?.trim() || undefined
  const index = folder(text('index') ?? base)
  const model = text('model')
  const siteRoot = text('site-root')
  return {
    index,
    model: model === undefined ? undefined : folder(model),
    siteRoot: siteRoot === undefined ? parent(index) : folder(siteRoot),
    inline: text('mode') === 'inline',
    shortcuts: parseShortcuts(text('shortcut') ?? 'mod+k /'),
    meaning: oneOf(text('meaning'), ['intent', 'ask', 'off']),
    filters: (text('filters') ?? '').split(',').flatMap(filterKey),
    allLanguages: element.hasAttribute('all-languages'),
    recent: count(text('recent'), 7, 50),
    prefill: text('prefill') !== 'off',
    offline: element.hasAttribute('offline'),
    theme: oneOf(text('theme'), ['auto', 'light', 'dark']),
    label: text('label'),
    placeholder: text('placeholder'),
    limit: Math.max(1, count(text('limit'), 10, 100)),
    highlight: text('highlight') !== 'off',
  }
}

/** An absolute URL with a slash at its end; what cannot be one is left to the search to report. */
function folder(url: string): string {
  if (!URL.canParse(url, document.baseURI)) return url
  const absolute = new URL(url, document.baseURI)
  if (!absolute.pathname.endsWith('/')) absolute.pathname += '/'
  return absolute.href
}

const parent = (url: string) =>
  new URL(URL.canParse(url) ? '..' : '.', URL.canParse(url) ? url : document.baseURI).href

/** `tag` or `tag:Label`. */
function filterKey(part: string): FilterKey[] {
  const [key = '', ...label] = part.trim().split(':')
  if (key === '') return []
  return [{ key, label: label.join(':').trim() || key.charAt(0).toUpperCase() + key.slice(1) }]
}

function count(text: string | undefined, fallback: number, most: number): number {
  const value = Number(text ?? fallback)
  return Number.isInteger(value) && value >= 0 ? Math.min(value, most) : fallback
}

/** The first is the default. */
function oneOf<T extends string>(text: string | undefined, values: readonly [T, ...T[]]): T {
  return values.find((value) => value === text) ?? values[0]
}
