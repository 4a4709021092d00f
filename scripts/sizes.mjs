// What readers download before and after they show intent, from dist/browser. Exits with 1 above the limits.
// Usage: node scripts/sizes.mjs [--json] [folder]
import { readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { root } from './run.mjs'

const KB = 1024
const asJson = process.argv.includes('--json')
const folder = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? join(root, 'dist/browser')
const at = (name) => join(folder, name)

/** Relative modules that a script names in import and export statements, or in `import()`. */
function importsOf(file, kind) {
  const code = readFileSync(file, 'utf8')
  const pattern =
    kind === 'static'
      ? /(?:^|[;}\s])(?:import|export)\s*(?:[\w*{}\s,$]+?\s*from\s*)?["'](\.[^"']+)["']/g
      : /\bimport\(\s*["'`](\.[^"'`]+)["'`]\s*\)/g
  return [...code.matchAll(pattern)].map(([, path]) => normalize(join(dirname(file), path)))
}

/** A file and all it loads before it runs. */
function withStatic(entries, known = new Set()) {
  for (const file of entries) {
    if (known.has(file)) continue
    known.add(file)
    withStatic(importsOf(file, 'static'), known)
  }
  return known
}

/** Everything that can be reached, by static and dynamic imports. */
function withAll(entries, known = new Set()) {
  for (const file of entries) {
    if (known.has(file)) continue
    known.add(file)
    withAll([...importsOf(file, 'static'), ...importsOf(file, 'dynamic')], known)
  }
  return known
}

function measure(files) {
  const sum = (size) => [...files].reduce((total, file) => total + size(readFileSync(file)), 0)
  return {
    raw: sum((bytes) => bytes.length),
    gzip: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
    brotli: sum((bytes) => brotliCompressSync(bytes).length),
    files: [...files].map((file) => relative(folder, file)).sort(),
  }
}

const minus = (all, others) => new Set([...all].filter((file) => !others.has(file)))

function section(name, files, limitKb) {
  return { name, ...measure(files), ...(limitKb ? { limit: limitKb * KB } : {}) }
}

const page = withStatic([at('lateen-search.js')])
const client = withStatic([at('index.js')])
/** The worker imports its engine as the first thing it does. */
const worker = withStatic([at('search.worker.js')])
const rest = minus(withAll([at('search.worker.js')]), worker)
const isChange = (file) => /\/(build|changes|markup|html|markdown)-/.test(file)
const isRuntime = (file) => /\/ort\.(wasm|jspi)/.test(file)
/** Kinds of models that few sites have. */
const isOnDemand = (file) => /\/(source-hub|git-blob|sentence-transformers|tokenizer-vocabulary)/.test(file)
const runtime = new Set([...rest].filter(isRuntime))
const onDemand = new Set([...rest].filter(isOnDemand))
const changes = new Set([...rest].filter(isChange))

const sections = [
  section('page before intent: <lateen-search>', page, 45),
  section('on the first keystroke: createSearch', client, 8),
  section('worker for keyword search', worker, 35),
  section(
    'for meaning: encoder, scorers, explanation',
    minus(minus(minus(rest, runtime), changes), onDemand),
    58,
  ),
  section('for models of other kinds, when one is used', onDemand),
  section("for meaning: ONNX Runtime's scripts, one of two", runtime),
  section('when documents are added', changes),
]
const tooLarge = sections.filter(({ brotli, limit }) => limit !== undefined && brotli > limit)

if (asJson) console.log(JSON.stringify(sections, undefined, 2))
else {
  const kb = (bytes) => `${(bytes / KB).toFixed(1)} KB`
  const row = (cells) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(10) : cell.padEnd(48))).join(''))
  row(['', 'raw', 'gzip', 'brotli', 'limit'])
  for (const { name, raw, gzip, brotli, limit } of sections)
    row([name, kb(raw), kb(gzip), kb(brotli), limit ? kb(limit) : ''])
}
for (const { name, brotli, limit, files } of tooLarge) {
  console.error(
    `\n${name}: ${brotli} bytes of brotli, more than ${limit}. It loads:\n  ${files.join('\n  ')}`,
  )
}
process.exit(tooLarge.length > 0 ? 1 : 0)
