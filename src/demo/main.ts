/** Entry of the demo page: the app over the real search. */
import { createSearch } from '../index.ts'
import { startApp } from './app.ts'
import { keepForOffline } from './offline.ts'

const below = (path: string) => new URL(path, document.baseURI).href
const kept = keepForOffline()

startApp({
  async open(corpus, options) {
    // What the search loads first is kept for offline use only when the service worker sees it.
    await kept
    return createSearch({
      ...options,
      ...(corpus === 'docs' ? { index: below('index/') } : { name: 'lateen demo: your files' }),
      model: below('models/lateen-mini/'),
    })
  },
  // The documentation is Markdown next to the code, not pages next to this one: its hits are read here.
  linked: new Set(),
})
