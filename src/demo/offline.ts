/** Lets the demo page start without a network, by a service worker where the browser has one. */

/** How long the first visit waits for it: what is loaded before it takes over must be fetched again to be kept. */
const TAKEOVER_MS = 1_500

/** Resolves when the service worker sees this page's requests, or when it is not worth waiting for. */
export async function keepForOffline(): Promise<void> {
  const container = navigator.serviceWorker
  // In development files change under the same name, which a kept copy would hide.
  if (!container || !import.meta.env.PROD) return
  try {
    const seen = container.controller ? undefined : takenOver(container)
    await container.register(scriptUrl('./service-worker.js'))
    await seen
    container.controller?.postMessage({ keep: loadedFiles() })
  } catch (error) {
    console.warn('This page will not start offline:', error)
  }
}

function takenOver(container: ServiceWorkerContainer): Promise<void> {
  return new Promise((resolve) => {
    container.addEventListener('controllerchange', () => resolve(), { once: true })
    setTimeout(resolve, TAKEOVER_MS)
  })
}

/** The page's own scripts and styles, loaded before the service worker was there. */
function loadedFiles(): string[] {
  return performance
    .getEntriesByType('resource')
    .map(({ name }) => name)
    .filter((url) => url.startsWith(new URL('assets/', document.baseURI).href))
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** The address as Trusted Types want it, where they are required. */
function scriptUrl(path: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  return (
    trustedTypes?.createPolicy('lateen-demo', { createScriptURL: (url) => url }).createScriptURL(path) ?? path
  )
}
