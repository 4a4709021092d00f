import lateen from 'lateen/vitepress'
import { defineConfig } from 'vitepress'

export default defineConfig({
  title: 'Harbour handbook',
  base: '/harbour/',
  rewrites: { 'water/tides.md': 'tides.md' },
  vite: { plugins: [lateen()] },
  themeConfig: {
    nav: [
      { text: 'Tides', link: '/tides' },
      { text: 'The lamp', link: '/lamp' },
    ],
  },
})
