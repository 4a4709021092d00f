/** For sites whose service worker is made by Workbox, e.g. through vite-plugin-pwa. */

/** An entry of Workbox's `runtimeCaching`. */
export interface WorkboxRoute {
  readonly urlPattern: RegExp
  readonly handler: 'CacheFirst' | 'NetworkFirst'
  readonly options: {
    readonly cacheName: string
    readonly expiration: { readonly maxEntries: number }
    readonly cacheableResponse: { readonly statuses: number[] }
  }
}

export interface WorkboxSettings {
  /** Nothing of the search belongs into the precache: the model alone is larger than Workbox allows. */
  readonly globIgnores: string[]
  readonly runtimeCaching: WorkboxRoute[]
}

/**
 * Settings to spread into `workbox` of vite-plugin-pwa or into `generateSW`:
 *
 * ```js
 * VitePWA({ workbox: { ...workboxSettings() } })
 * ```
 *
 * @param folder of the search below the site. @default 'lateen/'
 */
export function workboxSettings(folder = 'lateen/'): WorkboxSettings {
  const path = folder.replace(/^\/|\/$/g, '')
  const pattern = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const route = (file: string, handler: WorkboxRoute['handler']): WorkboxRoute => ({
    urlPattern: new RegExp(`/${pattern}/${file}\\.(?:js|css)$`),
    handler,
    options: {
      cacheName: 'lateen-search',
      expiration: { maxEntries: 60 },
      cacheableResponse: { statuses: [200] },
    },
  })
  return {
    globIgnores: [`**/${path}/**`],
    runtimeCaching: [route('assets/[^/]+', 'CacheFirst'), route('[^/]+', 'NetworkFirst')],
  }
}
