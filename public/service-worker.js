// Keeps the demo page itself for offline use. Models and indexes are kept by the library, not here.
const CACHE = 'lateen-demo-1'

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.add('./'))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('lateen-demo-') && name !== CACHE) await caches.delete(name)
      }
      await self.clients.claim()
    })(),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const scope = new URL(self.registration.scope)
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname))
    return
  const path = url.pathname.slice(scope.pathname.length)
  if (path.startsWith('index/') || path.startsWith('models/')) return
  // Built files carry a hash in their name and never change; everything else is asked for first.
  event.respondWith(path.startsWith('assets/') ? keptFirst(request) : networkFirst(request))
})

// Files the page had loaded before this worker saw its requests.
self.addEventListener('message', (event) => {
  const keep = Array.isArray(event.data?.keep) ? event.data.keep : []
  event.waitUntil(Promise.allSettled(keep.map((url) => keptFirst(new Request(url)))))
})

async function keptFirst(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetchAndKeep(request)
}

async function networkFirst(request) {
  try {
    return await fetchAndKeep(request)
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true })
    if (kept) return kept
    throw error
  }
}

async function fetchAndKeep(request) {
  const response = await fetch(request)
  if (response.ok && response.status === 200) {
    const copy = response.clone()
    const cache = await caches.open(CACHE)
    // A full disk must not keep the page from its file.
    await cache.put(request, copy).catch((error) => console.warn('Not kept for offline use:', error))
  }
  return response
}
