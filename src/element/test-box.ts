/** A box over a small site that exists in memory only, for tests in a real browser. */
import { LateenError } from '../errors.ts'
import type { DocumentInput } from '../types.ts'
import { type FakeOptions, type FakeSearch, fakeSearch } from './fake-search.ts'
import type { LateenSearch } from './lateen-search.ts'
import './register.ts'

const page = (id: string, title: string, text: string, section: string, lang = 'en'): DocumentInput => ({
  id,
  title,
  text,
  url: `/docs/${id}`,
  metadata: { section, lang, tag: section === 'Guide' ? ['howto', 'basics'] : ['reference'] },
})

export const SITE: readonly DocumentInput[] = [
  page(
    'cancel.html',
    'Cancelling requests › Signals',
    'Pass an abort signal to a request to cancel it while it is running. A newer query always wins over a late answer, so nothing old is ever shown.',
    'Guide',
  ),
  page(
    'fetch.html',
    'Fetching data',
    'A request reads data from the network and resolves once the headers have arrived. Cancel it with a signal when nobody waits for it any more.',
    'Guide',
  ),
  page(
    'timeouts.html',
    'Timeouts and retries',
    'How to halt what takes too long: give every job a deadline, and try again with a growing pause.',
    'Guide',
  ),
  page(
    'api.html',
    'Request options',
    'Every option of a request: method, headers, body, credentials, cache, redirect and signal.',
    'API',
  ),
  page('errors.html', 'Error codes', 'What every error of a request means, and what to try next.', 'API'),
]

export const GERMAN = page(
  'abbrechen.html',
  'Anfragen abbrechen',
  'Ein Signal bricht eine laufende Anfrage ab. Cancel heißt abbrechen; request heißt Anfrage.',
  'Guide',
  'de',
)

export const SECTIONS: NonNullable<FakeOptions['sections']> = {
  'cancel.html': [
    {
      heading: 'Deadlines',
      anchor: 'deadlines',
      text: 'A signal that fires by itself after some time cancels a request that takes too long.',
    },
    {
      heading: 'Clean up after cancelling',
      anchor: 'clean-up',
      text: 'What a cancelled request leaves behind is removed before the promise rejects.',
    },
  ],
}

export interface TestBox {
  readonly box: LateenSearch
  readonly shadow: ShadowRoot
  readonly input: HTMLInputElement
  find<T extends HTMLElement = HTMLElement>(selector: string): T
  all(selector: string): HTMLElement[]
  /** Titles of the hits, in order. */
  titles(): (string | null)[]
  activeText(): string | undefined
}

export type TestOptions = Partial<FakeOptions> & {
  readonly attributes?: Readonly<Record<string, string>>
  /** Fails to open. */
  readonly fails?: () => LateenError | undefined
  readonly onOpenSearch?: () => void
  readonly parent?: Element
}

/** Makes the box, puts it into the page and gives hands to it. */
export function mountBox(options: TestOptions = {}): TestBox {
  const {
    attributes = {},
    fails,
    onOpenSearch,
    parent = document.querySelector('main') ?? document.body,
    ...fake
  } = options
  const box = document.createElement('lateen-search')
  for (const [name, value] of Object.entries({ index: '/site/lateen/', ...attributes }))
    box.setAttribute(name, value)
  box.createSearch = async ({ onProgress }): Promise<FakeSearch> => {
    onOpenSearch?.()
    const failure = fails?.()
    if (failure) throw failure
    return fakeSearch(
      { documents: SITE, sections: SECTIONS, synonyms: [['cancel', 'halt', 'stop']], ...fake },
      onProgress ? { onProgress } : {},
    )
  }
  parent.append(box)
  return handsOn(box)
}

export function handsOn(box: LateenSearch): TestBox {
  const shadow = box.shadowRoot!
  const find = <T extends HTMLElement = HTMLElement>(selector: string) => shadow.querySelector<T>(selector)!
  const all = (selector: string) => [...shadow.querySelectorAll<HTMLElement>(selector)]
  return {
    box,
    shadow,
    get input() {
      return find<HTMLInputElement>('.input')
    },
    find,
    all,
    titles: () => all('.page .title').map((title) => title.textContent),
    activeText: () => find('[aria-selected="true"] .title')?.textContent ?? undefined,
  }
}

export const notFound = () => new LateenError('index-not-found', 'Expected an index, found none.')

/** Resolves when the test says so. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}
