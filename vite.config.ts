import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, posix } from 'node:path'
import { gzipSync } from 'node:zlib'
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
        const path = posix.relative(posix.dirname(chunk.fileName), 'search.worker.js')
        const literal = path.startsWith('.') ? path : `./${path}`
        if (chunk.imports.includes('lateen-search.js')) {
          // Pages may load it under an address of their own, e.g. with a version behind it.
          this.error(`${chunk.fileName} would load lateen-search.js twice: add what both need to isBox.`)
        }
        chunk.code = chunk.code.replace(placeholder, `new URL("${literal}",import.meta.url)`)
      }
    },
  }
}

/**
 * Ships ONNX Runtime's WebAssembly as gzip, which `src/encode/runtime.web.ts` unpacks, for hosts that compress
 * nothing. Its own scripts name the file as it is, and would have it shipped a second time.
 */
function packedRuntime(): Plugin {
  return {
    name: 'lateen-packed-runtime',
    apply: 'build',
    enforce: 'pre',
    resolveId: {
      filter: { id: /^onnxruntime-web\/.+\.wasm\?url$/ },
      handler: (id) => `${gzipped(createRequire(import.meta.url).resolve(id.replace('?url', '')))}?url`,
    },
    transform: {
      filter: { id: /onnxruntime-web.+\.mjs$/ },
      handler: (code) => code.replace(/new URL\(("[\w.-]+\.wasm"),\s*import\.meta\.url\)\.href/g, '$1'),
    },
  }
}

/**
 * Vite wraps dynamic imports to preload their styles. There are none here, and in a worker the wrapper fails
 * over a `window` that is not there when a script cannot be loaded.
 */
function plainImports(): Plugin {
  return {
    name: 'lateen-plain-imports',
    enforce: 'pre',
    load: {
      filter: { id: /vite\/preload-helper/ },
      handler: () => 'export const __vitePreload = (load) => load()',
    },
  }
}

/**
 * One file for what the worker loads before it answers by keywords, and one for the little that the page needs
 * of it as well: fewer requests than chunks of what is shared by chance, and better compression.
 */
function firstLoad() {
  const engine = new Set<string>()
  const isShared =
    /src\/errors\.ts$|util\/(abort|once|load-code)\.ts$|client\/protocol\.ts$|\/comlink\/|vite\/preload-helper/
  // What the box shares with what it loads later.
  const isBox = /src\/element\/(dom|icons)\.ts$/
  // Named by files that also write, and used by nothing that reads.
  const isWriting = /segment\/pack\.ts$/
  return (id: string, context: ChunkingContext): string | null => {
    if (isShared.test(id)) return 'shared'
    if (isBox.test(id)) return 'box'
    if (engine.size === 0) collect(join(import.meta.dirname, 'src/client/host.web.ts'))
    return engine.has(id) && !isWriting.test(id) ? 'engine' : null

    function collect(module: string): void {
      if (engine.has(module)) return
      engine.add(module)
      for (const imported of context.getModuleInfo(module)?.importedIds ?? []) collect(imported)
    }
  }
}

interface ChunkingContext {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}

/** Packing takes seconds, so that the result is kept beside the packages. */
function gzipped(file: string): string {
  const bytes = readFileSync(file)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const folder = join(import.meta.dirname, 'node_modules/.cache/lateen', hash)
  const packed = join(folder, `${basename(file)}.gzip`)
  if (!existsSync(packed)) {
    mkdirSync(folder, { recursive: true })
    // Another build may be at it too.
    writeFileSync(`${packed}.${process.pid}`, gzipSync(bytes, { level: 9 }))
    renameSync(`${packed}.${process.pid}`, packed)
  }
  return packed
}

// Outputs: the demo (default), the browser library (--mode browser and --mode service-worker), Node library and
// command line (--mode node).
export default defineConfig(({ mode }): UserConfig => {
  const shared: UserConfig = {
    // Relative URLs: everything works under a sub-path and on any static host.
    base: './',
    plugins: [packedRuntime()],
    worker: { format: 'es', plugins: () => [packedRuntime()] },
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
          input: {
            node: 'src/node.ts',
            cli: 'src/cli/main.ts',
            'encode.worker': 'src/build/encode.worker.node.ts',
            vite: 'src/plugin/vite.ts',
            astro: 'src/plugin/astro.ts',
            vitepress: 'src/plugin/vitepress.ts',
            docusaurus: 'src/plugin/docusaurus.ts',
            eleventy: 'src/plugin/eleventy.ts',
          },
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    }
  }
  if (mode === 'browser') {
    return {
      ...shared,
      publicDir: false,
      plugins: [packedRuntime(), plainImports(), workerEntry()],
      build: {
        ...shared.build,
        outDir: 'dist/browser',
        modulePreload: false,
        rolldownOptions: {
          input: {
            index: 'src/index.ts',
            'lateen-search': 'src/element/register.ts',
            pagefind: 'src/pagefind/index.ts',
            offline: 'src/offline/index.ts',
            'service-worker-module': 'src/offline/service-worker.web.ts',
            'search.worker': 'workers/search.worker.ts',
          },
          preserveEntrySignatures: 'allow-extension',
          output: {
            entryFileNames: '[name].js',
            codeSplitting: { groups: [{ name: firstLoad() }], includeDependenciesRecursively: false },
            assetFileNames: ({ names: [name = ''] }) =>
              `assets/${name.replace(/\.wasm\.gzip$/, '')}-[hash]${name.endsWith('.wasm.gzip') ? '.wasm.gzip' : '[extname]'}`,
          },
        },
      },
    }
  }
  if (mode === 'service-worker') {
    return {
      ...shared,
      publicDir: false,
      build: {
        ...shared.build,
        outDir: 'dist/browser',
        emptyOutDir: false,
        rolldownOptions: {
          input: { 'service-worker': 'src/offline/standalone.web.ts' },
          // One file without imports: it is copied to the root of sites.
          output: { format: 'iife', entryFileNames: '[name].js' },
        },
      },
    }
  }
  return {
    ...shared,
    // The demo is a page of the documentation site and takes its index and its model from there.
    publicDir: false,
    build: {
      ...shared.build,
      outDir: 'dist/site/demo',
      emptyOutDir: true,
      rolldownOptions: {
        input: { index: 'index.html', figure: 'src/demo/figure.ts' },
        output: {
          entryFileNames: ({ name }) => (name === 'figure' ? '[name].js' : 'assets/[name]-[hash].js'),
        },
      },
    },
  }
})
