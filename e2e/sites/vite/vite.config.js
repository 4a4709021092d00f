import lateen from 'lateen/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/harbour/',
  build: { rolldownOptions: { input: ['index.html', 'tides.html', 'lamp/index.html', 'storms.html'] } },
  plugins: [lateen()],
})
