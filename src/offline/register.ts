/** Registers a site's service worker and hands it what the page had loaded before. */
import type { KeepMessage } from './message.ts'

/** How long the first visit waits for the service worker to take over. */
const TAKEOVER_MS = 3_000

/**
 * Resolves when the service worker sees this page's requests, or after three seconds. Where service workers
 * cannot be had it resolves at once: everything works as before, while there is a network.
 *
 * @param url of the service worker script, absolute or relative to the page
 * @throws what `navigator.serviceWorker.register` throws, e.g. when there is no script at the address
 */
export async function registerServiceWorker(url: string): Promise<void> {
  const container = navigator.serviceWorker
  if (!container) return
  const seen = container.controller ? undefined : takenOver(container)
  await container.register(scriptUrl(new URL(url, document.baseURI).href))
  await seen
  const message: KeepMessage = { lateen: 'keep', urls: loadedFiles() }
  container.controller?.postMessage(message)
}

function takenOver(container: ServiceWorkerContainer): Promise<void> {
  return new Promise((resolve) => {
    container.addEventListener('controllerchange', () => resolve(), { once: true })
    setTimeout(resolve, TAKEOVER_MS)
  })
}

/** The page itself and its same-origin parts. */
function loadedFiles(): string[] {
  const names = performance.getEntriesByType('resource').map(({ name }) => name)
  const page = globalThis.location.href.replace(/#.*$/s, '')
  return [page, ...names].filter((url) => new URL(url).origin === globalThis.location.origin)
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** The address as Trusted Types want it, where they are required. */
function scriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('lateen-offline', { createScriptURL: (checked) => checked })
  return policy?.createScriptURL(url) ?? url
}
