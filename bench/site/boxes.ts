/** The two search boxes a site can have: how a page loads them, and where in them things are. */
import { PAGEFIND_FOLDER } from './pagefind.ts'

export const LATEEN_FOLDER = 'lateen'

export interface Box {
  readonly name: string
  /** Path of a page with nothing but the box. */
  readonly path: string
  readonly html: string
  /** Opens it when clicked. */
  readonly trigger: string
  readonly input: string
  /** Expression in the page: the element whose content are the results, or undefined. */
  readonly results: string
  /** Expression in the page, given `root`: what of the results a reader sees first. */
  readonly shown: string
}

/** Sharp eyes see titles and links of the first results; marks in excerpts can come later. */
const FIRST = 3

export function lateenBox(meaning: 'intent' | 'off'): Box {
  return {
    name: 'lateen-search',
    path: `/lateen-${meaning}.html`,
    html: page(
      `<script type="module" src="/${LATEEN_FOLDER}/lateen-search.js"></script>`,
      `<lateen-search meaning="${meaning}"></lateen-search>`,
    ),
    trigger: 'lateen-search .trigger',
    input: 'lateen-search .input',
    results: `document.querySelector('lateen-search')?.shadowRoot`,
    shown: `[...root.querySelectorAll('.list a.option.page[href]')]`,
  }
}

export const pagefindBox: Box = {
  name: 'Pagefind Component UI',
  path: '/pagefind.html',
  html: page(
    `<link rel="stylesheet" href="/${PAGEFIND_FOLDER}/pagefind-component-ui.css">
     <script type="module" src="/${PAGEFIND_FOLDER}/pagefind-component-ui.js"></script>`,
    '<pagefind-modal-trigger></pagefind-modal-trigger><pagefind-modal></pagefind-modal>',
  ),
  trigger: 'pagefind-modal-trigger button',
  input: 'pagefind-modal input',
  results: `document.querySelector('pagefind-modal')`,
  shown: `[...root.querySelectorAll('a.pf-result-link[href]')]`,
}

/**
 * An expression that watches a box: \`watched.typedMs\` is when the last letter arrived, \`watched.shownMs\`
 * when the first results last changed, \`watched.shown\` what they are.
 */
export function watchScript({ results, shown }: Box): string {
  return `(() => {
    const root = ${results}
    const watched = (window.watched = { typedMs: 0, shownMs: 0, shown: '' })
    const look = () => {
      const now = ${shown}.slice(0, ${FIRST}).map((a) => a.href + ' ' + a.textContent.trim()).join('\\n')
      if (now === watched.shown) return
      watched.shown = now
      watched.shownMs = performance.now()
    }
    new MutationObserver(look).observe(root, { subtree: true, childList: true, characterData: true, attributes: true })
    root.addEventListener('input', () => { watched.typedMs = performance.now() }, true)
  })()`
}

function page(head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Bench</title><link rel="icon" href="data:,">${head}</head>
  <body>${body}</body>
</html>`
}
