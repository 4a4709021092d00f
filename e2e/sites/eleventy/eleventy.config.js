import { IdAttributePlugin } from '@11ty/eleventy'
import lateen from 'lateen/eleventy'

export default function (config) {
  config.addPlugin(IdAttributePlugin)
  config.addPlugin(lateen)
  return { pathPrefix: '/harbour/', dir: { input: 'pages' } }
}
