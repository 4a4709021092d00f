import { defineConfig, type Plugin, type UserConfig } from 'vite'

/**
 * Keeps `new Worker(new URL('./search.worker.js', import.meta.url))` in the browser library as a literal, with
 * the worker as an entry beside it: the bundlers of applications look for this very expression, and the
 * worker then shares its chunks with the page.
 */
function workerEntry(): Plugin {
  const placeholder = '__LATEEN_WORKER_URL__'
  return {
    name: 'lateen-worker-entry',
    enforce: 'pre',
    transform: {
      filter: { id: /src\/client\/worker\.ts$/ },
      handler: (code) => code.replace(/new URL\('[^']+search\.worker\.ts', import\.meta\.url\)/, placeholder),
    },
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        chunk.code = chunk.code.replace(placeholder, 'new URL("./search.worker.js",import.meta.url)')
      }
    },
  }
}

// Three outputs: the demo site (default), the browser library (--mode browser), Node library and CLI (--mode node).
export default defineConfig(({ mode }): UserConfig => {
  const shared: UserConfig = {
    // Relative URLs: everything works under a sub-path and on any static host.
    base: './',
    worker: { format: 'es' },
    // A late discovery of ONNX Runtime's second entry would reload the page in mid-work.
    optimizeDeps: { exclude: ['onnxruntime-web'] },
    build: { target: 'es2023', assetsInlineLimit: 0 },
  }
  if (mode === 'node') {
    return {
      ...shared,
      publicDir: false,
      ssr: { external: true },
      build: {
        target: 'node20',
        ssr: true,
        outDir: 'dist/node',
        rolldownOptions: {
          input: { node: 'src/node.ts', cli: 'src/cli/main.ts' },
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    }
  }
  if (mode === 'browser') {
    return {
      ...shared,
      publicDir: false,
      plugins: [workerEntry()],
      build: {
        ...shared.build,
        outDir: 'dist/browser',
        modulePreload: false,
        rolldownOptions: {
          input: { index: 'src/index.ts', 'search.worker': 'workers/search.worker.ts' },
          preserveEntrySignatures: 'exports-only',
          output: { entryFileNames: '[name].js' },
        },
      },
    }
  }
  return { ...shared, build: { ...shared.build, outDir: 'dist/site' } }
})
