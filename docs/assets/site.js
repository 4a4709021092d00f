// The menu is open where there is room for it.
const menu = document.querySelector('.menu')
const isNarrow = matchMedia('(max-width: 60rem)')
const adapt = () => {
  menu.open = !isNarrow.matches
}
isNarrow.addEventListener('change', adapt)
adapt()

// Pages that were read, and the search, stay there without a network.
const { registerServiceWorker } = await import('../lateen/offline.js')
await registerServiceWorker(new URL('../service-worker.js', import.meta.url).href)
