import { defineConfig } from 'astro/config'
import lateen from 'lateen/astro'

export default defineConfig({
  base: '/harbour',
  trailingSlash: 'always',
  devToolbar: { enabled: false },
  integrations: [lateen()],
})
