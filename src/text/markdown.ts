/** Markdown: rendered to HTML by a library, then read as HTML, so that both follow the same rules. */
import { Marked, type Token, type Tokens } from 'marked'
import type { Section } from '../types.ts'
import { readFrontMatter } from './front-matter.ts'
import { languageOf, type ReadOptions, type ReadText, readHtml } from './html.ts'

/**
 * Reads Markdown as GitHub does, with its heading ids; an id given as `{#id}` wins. Of the front matter,
 * `title` and `lang` are used; `search: false`, `pagefind: false` and `search.exclude: true` leave the
 * document out, `search.boost` weighs its sections.
 */
export function readMarkdown(source: string, options: ReadOptions = {}): ReadText {
  const { body, values } = readFrontMatter(source.replace(/\r\n?/g, '\n'))
  const title = values.get('title') ?? ''
  const isLeftOut =
    values.get('search') === 'false' ||
    values.get('pagefind') === 'false' ||
    values.get('search.exclude') === 'true'
  if (isLeftOut) return { title, sections: [], isLeftOut }
  const read = readHtml(toHtml(body), options)
  return {
    ...read,
    title: title || read.title,
    sections: weighed(read.sections, values.get('search.boost')),
    metadata: { ...languageOf(values.get('lang') ?? ''), ...read.metadata },
  }
}

function weighed(sections: readonly Section[], boost: string | undefined): readonly Section[] {
  const factor = boost ? Number(boost) : Number.NaN
  if (!(factor >= 0)) return sections
  return sections.map((section) => ({ ...section, weight: Math.min((section.weight ?? 1) * factor, 10) }))
}

function toHtml(markdown: string): string {
  const slug = slugger()
  const marked = new Marked({
    gfm: true,
    walkTokens: dropContainerMarks,
    renderer: {
      heading({ tokens, depth }) {
        const given = takeGivenId(tokens)
        const inner = this.parser.parseInline(tokens)
        const plain = unescapeHtml(this.parser.parseInline(tokens, this.parser.textRenderer))
        return `<h${depth} id="${escapeHtml(given ?? slug(plain))}">${inner}</h${depth}>\n`
      },
    },
  })
  return marked.parse(markdown, { async: false })
}

/** `## Title {#id}`, as VitePress, Docusaurus and kramdown have it: removes the id from the tokens. */
function takeGivenId(tokens: Token[]): string | undefined {
  const last = tokens.at(-1)
  const match = last?.type === 'text' ? /\s*\{#([^{}\s]+)\}\s*$/.exec(last.raw) : null
  if (!match) return undefined
  const text = last!.raw.slice(0, match.index)
  tokens[tokens.length - 1] = { type: 'text', raw: text, text, escaped: false }
  return match[1]
}

/** The lines that open and close notices, `::: tip` and `[!NOTE]`, are not what they say. */
function dropContainerMarks(token: Token): void {
  if (token.type !== 'text' || (token as Tokens.Text).tokens) return
  token.text = (token as Tokens.Text).text
    .replace(/^:{3,}[^\S\n]*[\w-]*[^\S\n]*/gm, '')
    .replace(/^\[!\w+\][^\S\n]*/, '')
}

/** GitHub's heading ids: lower case, punctuation dropped, spaces to hyphens, repeats numbered. */
function slugger(): (heading: string) => string {
  const seen = new Map<string, number>()
  return (heading) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-')
    const repeat = seen.get(slug) ?? 0
    seen.set(slug, repeat + 1)
    return repeat === 0 ? slug : `${slug}-${repeat}`
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&#39;', "'"],
])

function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES.get(entity)!)
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;')
}
