/** Entry of the demo page: the app over the real search. It is a page of the documentation site. */
import { createSearch } from '../index.ts'
import { registerServiceWorker } from '../offline/register.ts'
import { startApp } from './app.ts'

const SITE = new URL('..', document.baseURI)

// What the search loads first is kept for offline use only when the service worker sees it.
const kept = keepForOffline()

startApp({
  async open(corpus, options) {
    await kept
    return createSearch({
      ...options,
      ...(corpus === 'docs' ? { index: new URL('lateen/', SITE).href } : { name: 'lateen demo: your files' }),
      model: new URL('lateen/model/', SITE).href,
    })
  },
  siteRoot: SITE.href,
})

async function keepForOffline(): Promise<void> {
  // In development files change under the same name, which a kept copy would hide.
  if (!import.meta.env.PROD) return
  try {
    await registerServiceWorker(new URL('service-worker.js', SITE).href)
  } catch (error) {
    console.warn('This page will not start offline:', error)
  }
}
