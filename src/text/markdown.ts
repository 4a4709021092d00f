/** Markdown: rendered to HTML by a library, then read as HTML, so that both follow the same rules. */
import { Marked } from 'marked'
import { type HtmlText, readHtml } from './html.ts'

const FRONT_MATTER = /^\uFEFF?---[^\S\n]*\n([\s\S]*?\n)?---[^\S\n]*(?:\n|$)/

/** Reads Markdown as GitHub does, with its heading ids. Front matter is dropped, its `title` used. */
export function readMarkdown(source: string): HtmlText {
  const text = source.replace(/\r\n?/g, '\n')
  const frontMatter = FRONT_MATTER.exec(text)
  const body = frontMatter ? text.slice(frontMatter[0].length) : text
  const slug = slugger()
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens)
        const plain = this.parser.parseInline(tokens, this.parser.textRenderer)
        return `<h${depth} id="${slug(unescapeHtml(plain))}">${inner}</h${depth}>\n`
      },
    },
  })
  const read = readHtml(marked.parse(body, { async: false }))
  const title = titleOf(frontMatter?.[1] ?? '')
  return title === '' ? read : { ...read, title }
}

/** The `title` of front matter: a plain scalar on one line, quoted or not. */
function titleOf(frontMatter: string): string {
  const value = /^title:[^\S\n]*(.*)$/m.exec(frontMatter)?.[1]?.trim() ?? ''
  const quoted = /^(["'])(.*)\1$/.exec(value)
  return quoted ? quoted[2]! : value
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

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!)
}
