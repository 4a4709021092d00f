// The documentation site: Markdown of this folder, searched by Lateen itself (scripts/build.mjs indexes it).
import { readFileSync } from 'node:fs'
import { IdAttributePlugin, InputPathToUrlTransformPlugin } from '@11ty/eleventy'

/** Pages that live elsewhere because they belong to something else, too. */
const ELSEWHERE = {
  'changelog.md': '../CHANGELOG.md',
  'model-card.md': '../public/models/lateen-mini/README.md',
}

export default function (config) {
  config.addPlugin(IdAttributePlugin)
  config.addPlugin(InputPathToUrlTransformPlugin)
  config.addPassthroughCopy({ 'docs/assets': 'assets' })
  config.addPassthroughCopy({ 'src/demo/styles/tokens.css': 'assets/tokens.css' })
  config.addPassthroughCopy({ 'public/favicon.svg': 'favicon.svg' })
  for (const [name, path] of Object.entries(ELSEWHERE)) {
    const text = readFileSync(new URL(path, import.meta.url), 'utf8')
    // A model card opens with data for model hubs.
    config.addTemplate(name, text.replace(/^---\n[\s\S]*?\n---\n/, ''))
    config.watchIgnores.add(path)
  }
  config.addFilter(
    'title',
    (html) => /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1].replace(/<[^>]+>/g, '') ?? '',
  )
  config.addFilter('summary', (html) => {
    const paragraph = /<p>([\s\S]*?)<\/p>/.exec(html)?.[1].replace(/<[^>]+>/g, '') ?? ''
    return paragraph.replace(/\s+/g, ' ').slice(0, 200)
  })
  // Headings have got their ids by then.
  config.addTransform('finish', function (content) {
    if (!this.page.outputPath?.endsWith('.html')) return content
    return relativeLinks(withContents(content), this.page.url)
  })
  return {
    dir: { input: 'docs', output: 'dist/site' },
    markdownTemplateEngine: false,
  }
}

/** A list of the sections of the page, where there are several. */
function withContents(html) {
  const headings = [...html.matchAll(/<h2 id="([^"]+)"[^>]*>([\s\S]*?)<\/h2>/g)].filter(
    ([, id]) => !id.startsWith('nav-'),
  )
  const items = headings.map(
    ([, id, text]) => `<li><a href="#${id}">${text.replace(/<[^>]+>/g, '')}</a></li>`,
  )
  const list = `<nav class="on-this-page" aria-label="On this page"><h2>On this page</h2><ul>${items.join('')}</ul></nav>`
  return html.replace('<!-- on this page -->', headings.length > 1 ? list : '')
}

/** The site works under any path of any host, so no link may begin with a slash. */
function relativeLinks(html, pageUrl) {
  const up = '../'.repeat(pageUrl.split('/').length - 2) || './'
  // Pictures are named as the Markdown files see them, so that they show in a repository browser, too.
  const pictures = html.replace(/(\ssrc=")assets\//g, '$1/assets/')
  return pictures.replace(/(\s(?:href|src)=")\/(?!\/)/g, `$1${up}`)
}
