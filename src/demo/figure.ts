/** The live heat map of "How it works": one question on the index of this site, explained word by word. */
import { el } from '../element/dom.ts'
import { heatMap } from '../element/heat-map.ts'
import { hitUrl } from '../element/links.ts'
import { englishWords } from '../element/strings.ts'
import heatCss from '../element/styles/heat.css?inline'
import { createSearch, type Search } from '../index.ts'

const QUESTION = 'does anything I type leave my computer'

const words = englishWords()
const place = document.querySelector('#live-heat')
if (place) start(place)

function start(place: Element): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(heatCss)
  document.adoptedStyleSheets.push(sheet)
  const input = el('input', { type: 'search', id: 'live-question', maxlength: '200' })
  input.value = QUESTION
  const button = el('button', { type: 'submit' }, 'Compare')
  const answer = el('div', { class: 'live-answer', 'aria-live': 'polite' })
  const label = el('label', { for: 'live-question' }, 'Your question')
  const form = el('form', { class: 'live-form' }, label, input, button)
  place.replaceChildren(form, answer)

  // The model is some megabytes: it is loaded when somebody asks.
  let search: Promise<Search> | undefined
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    button.disabled = true
    answer.replaceChildren(el('p', {}, words.strings.explain.loading))
    try {
      search ??= open()
      answer.replaceChildren(...(await compare(await search, input.value)))
    } catch (error) {
      // The next attempt opens it anew.
      search = undefined
      const reason = error instanceof Error ? error.message : String(error)
      answer.replaceChildren(el('p', {}, words.fill(words.strings.explain.failed, { reason })))
    } finally {
      button.disabled = false
    }
  })
}

// In two steps: a bundler takes the address of a module's neighbour for a file to copy.
const script = import.meta.url
const SITE = new URL('..', script).href

function open(): Promise<Search> {
  return createSearch({ index: `${SITE}lateen/` })
}

async function compare(search: Search, question: string): Promise<HTMLElement[]> {
  const { hits } = await search.query(question, { limit: 1 })
  const [hit] = hits
  if (!hit) return [el('p', {}, words.fill(words.strings.none, { query: question }))]
  const title = [hit.title, ...hit.headings].join(' › ')
  const href = hitUrl(hit.url, SITE)
  return [
    el('p', { class: 'live-title' }, href ? el('a', { href }, title) : title),
    heatMap(await hit.explain(), question, words.heat, () => undefined),
  ]
}
