/** Markdown: rendered to HTML by a library, then read as HTML, so that both follow the same rules. */
import { Marked, type Token, type Tokens } from 'marked'
import { type ReadText, readHtml } from './html.ts'

/** A YAML (`---`) or TOML (`+++`) block at the very beginning. */
const FRONT_MATTER = /^(---|\+\+\+)[^\S\n]*\n([\s\S]*?\n)?\1[^\S\n]*(?:\n|$)/

/**
 * Reads Markdown as GitHub does, with its heading ids; an id given as `{#id}` wins. Front matter is
 * dropped, its `title` used; `search: false` there leaves the document without text.
 */
export function readMarkdown(source: string): ReadText {
  const text = source.replace(/\r\n?/g, '\n')
  const [whole = '', , frontMatter = ''] = FRONT_MATTER.exec(text) ?? []
  const title = scalarOf(frontMatter, 'title')
  if (scalarOf(frontMatter, 'search') === 'false') return { title, sections: [] }
  const read = readHtml(toHtml(text.slice(whole.length)))
  return title === '' ? read : { ...read, title }
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

/** The value of a plain scalar on one line, quoted or not: `key: value` or `key = value`. */
function scalarOf(frontMatter: string, key: string): string {
  const value = new RegExp(`^${key}[^\\S\\n]*[:=][^\\S\\n]*(.*)$`, 'm').exec(frontMatter)?.[1]?.trim() ?? ''
  const quoted = /^(["'])(.*)\1$/.exec(value)
  if (quoted) return quoted[2]!
  // The text of a folded or literal block is on the lines below.
  return /^[>|][+-]?$/.test(value) ? '' : value
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
