import { defineConfig, type UserConfig } from 'vite'

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
      build: {
        ...shared.build,
        outDir: 'dist/browser',
        modulePreload: false,
        rolldownOptions: {
          input: { index: 'src/index.ts' },
          preserveEntrySignatures: 'exports-only',
          output: { entryFileNames: '[name].js' },
        },
      },
    }
  }
  return { ...shared, build: { ...shared.build, outDir: 'dist/site' } }
})
