/** Search without a network: for pages, and for the configuration of Workbox. */
export { registerServiceWorker } from './register.ts'
export { type WorkboxRoute, type WorkboxSettings, workboxSettings } from './workbox.ts'
