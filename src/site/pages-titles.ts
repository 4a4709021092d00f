/** The name of the site in the titles of its pages: what they have in common is not what a page is called. */

export interface SiteTitles {
  /**
   * Takes note of a page.
   *
   * @param title of its tab
   * @param heading its first heading of level 1; empty when it has none
   * @param lang pages in other languages may name the site otherwise
   */
  note(title: string, heading: string, lang: string): void
  /** A title without the name of the site before or after it. */
  withoutSite(title: string, lang: string): string
  /** Whether a heading stands on several pages that their tabs tell apart: it names none of them. */
  isSiteName(heading: string, lang: string): boolean
}

/** Between the name of a page and that of its site. */
const SEPARATOR = /\s+(?:[|·•–—»›~-]|::)\s+|:\s+/g
/** The share of the pages in a language that must have a name for it to be that of the site. */
const MIN_SHARE = 0.5
const MIN_PAGES = 3
/** The share of different titles among those of the pages with one heading. */
const MIN_DISTINCT = 0.9

interface Noted {
  pages: number
  /** Pages per name. */
  readonly names: Map<string, number>
  /** Titles of tabs per heading, one for each of its pages. */
  readonly headings: Map<string, string[]>
}

export function siteTitles(): SiteTitles {
  const languages = new Map<string, Noted>()
  return {
    note(title, heading, lang) {
      const noted = languages.get(lang) ?? { pages: 0, names: new Map(), headings: new Map() }
      languages.set(lang, noted)
      noted.pages++
      for (const { name } of namesIn(title)) noted.names.set(name, (noted.names.get(name) ?? 0) + 1)
      if (heading === '' || title === '') return
      const titles = noted.headings.get(heading)
      if (titles) titles.push(title)
      else noted.headings.set(heading, [title])
    },
    withoutSite(title, lang) {
      const { pages = 0, names } = languages.get(lang) ?? {}
      const shared = namesIn(title)
        .filter(({ name }) => (names?.get(name) ?? 0) >= Math.max(MIN_PAGES, pages * MIN_SHARE))
        .sort((a, b) => b.name.length - a.name.length)
      return shared[0]?.rest ?? title
    },
    isSiteName(heading, lang) {
      const titles = languages.get(lang)?.headings.get(heading) ?? []
      return titles.length >= MIN_PAGES && new Set(titles).size >= titles.length * MIN_DISTINCT
    },
  }
}

/** The parts at either end that could be the name of a site, with their separators or brackets. */
function namesIn(title: string): { readonly name: string; readonly rest: string }[] {
  const bracketed = /^(.*\S)(\s+\([^()]*\))$/.exec(title)
  const inBrackets = bracketed ? [{ name: bracketed[2]!, rest: bracketed[1]! }] : []
  const atSeparators = [...title.matchAll(SEPARATOR)].flatMap(({ 0: separator, index }) => {
    const end = index + separator.length
    const [before, after] = [title.slice(0, index), title.slice(end)]
    if (before.trim() === '' || after.trim() === '') return []
    return [
      { name: separator + after, rest: before },
      { name: before + separator, rest: after },
    ]
  })
  return [...inBrackets, ...atSeparators]
}
