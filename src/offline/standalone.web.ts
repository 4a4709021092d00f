/** A whole service worker for sites that have none, to be copied to the root of the site. */
import { keepSearch, keepVisitedPages } from './service-worker.web.ts'

declare const self: ServiceWorkerGlobalScope

// A reader who has just allowed this need not load the page twice.
self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

keepSearch()
keepVisitedPages()
