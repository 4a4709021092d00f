/** `lateen index <site>` as the published package runs it: built files, threads, environment, project file. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildSite } from '../site/build-site.node.ts'
import { BOATS, contents, page, type SiteFolder, siteFolder, snapshot } from '../site/site-folder.node.ts'
import { seededRandom } from '../util/random.ts'
import { type Ended, startProgram } from './program.test-suite.ts'

/** A package as npm would install it. */
const PACKAGE = join(tmpdir(), `lateen-package-${process.pid}`)
const RUNTIME: Readonly<Record<string, string>> = {
  'lateen-search.js': 'import "./assets/part.js"',
  'assets/part.js': 'export {}',
}

beforeAll(async () => {
  await build({
    mode: 'node',
    logLevel: 'warn',
    build: { outDir: join(PACKAGE, 'dist/node'), emptyOutDir: true },
  })
  for (const [path, content] of Object.entries(RUNTIME)) {
    await mkdir(dirname(join(PACKAGE, 'dist/browser', path)), { recursive: true })
    await writeFile(join(PACKAGE, 'dist/browser', path), content)
  }
  for (const name of ['node_modules', 'public', 'package.json'])
    await symlink(resolve(name), join(PACKAGE, name))
}, 120_000)
afterAll(() => rm(PACKAGE, { recursive: true, force: true }))

let site: SiteFolder
beforeEach(async () => {
  site = await siteFolder(BOATS)
})
afterEach(() => site.remove())

const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startProgram(join(PACKAGE, 'dist/node/cli.js'), args, { cwd: site.folder, env })

const json = ({ json }: Ended) => json
const lateen = (...args: string[]) => start(args).ended

test('one command makes a site searchable: index, scripts and model beside its pages', async () => {
  const { status, stdout, stderr } = await lateen('index', 'public', '--threads', '1')
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout.split('\n')[0]).toMatch(
    /^3 pages indexed \(5 passages, [\d.]+ kB: [\d.]+ kB per page; 2 skipped: 1 no text, 1 noindex; 5 passages encoded, 0 reused\) in \d+ s$/,
  )
  expect(stdout).toContain(
    '  <script type="module" src="/lateen/lateen-search.js"></script>\n  <lateen-search></lateen-search>\n',
  )
  const files = await contents(site.at('public/lateen'))
  for (const [path, content] of Object.entries(RUNTIME)) {
    expect(Buffer.from(files[path]!, 'base64').toString()).toBe(content)
  }
  await expectModel(site.at('public/lateen/model'))

  const before = await snapshot(site.at('public/lateen'))
  const again = await lateen('index', 'public')
  expect(again.stdout).toContain('0 passages encoded, 5 reused')
  expect(await snapshot(site.at('public/lateen'))).toEqual(before)

  // Scripts of an earlier version go, files of others stay.
  const listing = JSON.parse(await readFile(site.at('public/lateen/runtime.json'), 'utf8'))
  listing.files.push('assets/old.js', '../index.html', '/etc/hostname')
  await site.write('public/lateen/runtime.json', JSON.stringify(listing))
  await site.write('public/lateen/assets/old.js', 'old')
  await site.write('public/lateen/mine.txt', 'mine')
  expect((await lateen('index', 'public')).status).toBe(0)
  const left = Object.keys(await contents(site.at('public')))
  expect(left).not.toContain('lateen/assets/old.js')
  expect(left).toEqual(expect.arrayContaining(['lateen/mine.txt', 'index.html']))
})

/** Every file the model's own listing names is there as it says, and what readers need is among them. */
async function expectModel(folder: string) {
  const { files, name } = JSON.parse(await readFile(join(folder, 'lateen.json'), 'utf8'))
  expect(name).toBe('lateen-mini')
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['tokenizer.json', 'codec.bin', 'onnx/model_quantized.onnx']),
  )
  for (const [path, { bytes, gzip }] of Object.entries<{ bytes: number; gzip?: number }>(files)) {
    const stored = await readFile(join(folder, gzip === undefined ? path : `${path}.gzip`))
    expect(stored.length).toBe(gzip ?? bytes)
    const original = await readFile(join('public/models/lateen-mini', path))
    expect((gzip === undefined ? stored : gunzipSync(stored)).equals(original)).toBe(true)
    // Neither a date nor a name: the same model gives the same bytes.
    if (gzip !== undefined) expect([...stored.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0])
  }
}

/** Words that do not compress, so that files are large enough to be stored in parts. */
function noise(seed: number): string {
  const random = seededRandom(seed)
  return Array.from({ length: 36 }, () => random().toString(36).slice(2)).join(' ')
}

test('the bytes of an index do not depend on threads, on the cache, or on the order of completion', async () => {
  for (let i = 0; i < 24; i++) {
    const words = `sail ${i} `.repeat(1 + ((i * 7) % 40)) + noise(i)
    await site.write(
      `public/more/${i}.html`,
      page(`Page ${i}`, `<p>${words}</p><h2>Part</h2><p>Wind and ${words}</p>`),
    )
  }
  const options = ['--no-runtime', '--json', '--quiet']
  await buildSite({ site: site.at('public'), out: site.at('here'), threads: 0, cache: false, runtime: false })
  const reference = await contents(site.at('here'))
  const three = json(
    await lateen('index', 'public', '--output-path', 'three', '--threads', '3', '--no-cache', ...options),
  )
  expect(three).toMatchObject({ threads: 3, reused: 0, warnings: [] })
  expect(await contents(site.at('three'))).toEqual(reference)
  expect(Object.keys(reference).some((name) => /-1\.text$/.test(name))).toBe(true)
  const inspected = json(await lateen('inspect', 'three', '--verify', '--json'))
  expect(inspected).toMatchObject({ files: Object.keys(reference).length, verified: 3 })
  await lateen(
    'index',
    'public',
    '--glob',
    'more/1*.html',
    '--output-path',
    'part',
    '--threads',
    '1',
    '--cache',
    'kept',
    ...options,
  )
  const mixed = json(
    await lateen(
      'index',
      'public',
      '--output-path',
      'mixed',
      '--threads',
      '2',
      '--cache',
      'kept',
      ...options,
    ),
  )
  expect(mixed.reused).toBeGreaterThan(5)
  expect(mixed.encoded).toBeGreaterThan(5)
  expect(await contents(site.at('mixed'))).toEqual(reference)
})

test('threads that cannot start are told of, and their work is done', async () => {
  const worker = join(PACKAGE, 'dist/node/encode.worker.js')
  const source = await readFile(worker)
  await rm(worker)
  try {
    const { status, stderr, stdout } = await lateen('index', 'public', '--no-runtime', '--threads', '2')
    expect(status).toBe(0)
    expect(stderr).toMatch(/^lateen: warning: .*one thread/m)
    expect(stdout).toContain('5 passages encoded')
  } finally {
    await writeFile(worker, source)
  }
})

test('--verbose says of every page what became of it, --quiet says nothing', async () => {
  const verbose = await lateen('index', 'public', '--no-runtime', '--verbose', '--threads', '0')
  expect(verbose.stdout).toContain('  guide/install.html → guide/install.html: 3 passages\n')
  expect(verbose.stdout).toContain('  hidden.html skipped: noindex\n')
  expect(verbose.stdout).not.toContain('<script')
  const { status, stdout, stderr } = await lateen('index', 'public', '--no-runtime', '--quiet')
  expect([status, stdout, stderr]).toEqual([0, '', ''])
})

test('--json is one object with every page and every kind of bytes', async () => {
  const report = json(await lateen('index', '--site', 'public', '--json', '--threads', '0', '--no-runtime'))
  expect(Object.keys(report.bytes)).toEqual(
    expect.arrayContaining(['total', 'manifest', 'vectors', 'text', 'lexical', 'runtime', 'model']),
  )
  expect(report).toMatchObject({
    site: 'public',
    out: join('public', 'lateen'),
    passages: 5,
    encoded: 5,
    bits: 2,
  })
  expect(report.pages).toHaveLength(3)
  expect(report.skipped).toHaveLength(2)
  expect(report.bytes_per_page).toBe(Math.round(report.bytes.total / 3))
})

describe('options come from', () => {
  const run = async (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
    start(['index', ...args, '--no-runtime', '--json', '--threads', '0'], environment).ended

  test('the environment and the file of the project, the command line first', async () => {
    await site.write(
      'lateen.config.json',
      JSON.stringify({
        site: 'public',
        bits: 2,
        poolFactor: 2,
        excludeSelectors: ['#windows', '#windows + p'],
        cache: false,
      }),
    )
    expect(json(await run([]))).toMatchObject({
      site: 'public',
      bits: 2,
      pool_factor: 2,
      passages: 4,
      reused: 0,
    })
    expect(json(await run([], { LATEEN_POOL_FACTOR: '3', LATEEN_OUTPUT_SUBDIR: 'find' }))).toMatchObject({
      pool_factor: 3,
      out: join('public', 'find'),
    })
    expect(json(await run(['--bits', '1'], { LATEEN_BITS: '2' }))).toMatchObject({ bits: 1 })
    expect(await readdir(site.folder)).not.toContain('.lateen-cache')
  })

  test('no place where they are misspelt or of another kind', async () => {
    const message = async (config: object, environment = {}) => {
      await site.write('lateen.config.json', JSON.stringify(config))
      const { status, stderr } = await run(['public'], environment)
      expect(status).toBe(1)
      return stderr
    }
    expect(await message({ pool_factor: 2 })).toContain(
      'lateen.config.json has pool_factor; expected some of',
    )
    expect(await message({ bits: 3 })).toContain('bits in lateen.config.json cannot be 3')
    expect(await message({ keepIndexUrl: 'maybe' })).toContain(
      'Expected keepIndexUrl in lateen.config.json as true or false',
    )
    expect(await message({}, { LATEEN_PORT: 'many' })).toContain('LATEEN_PORT')
    await site.write('lateen.config.json', '{"bits": ')
    expect((await run(['public'])).stderr).toContain('lateen.config.json is not JSON')
  })
})

test('what cannot be done is said in one line', async () => {
  await site.write('notes/a.md', '# Notes')
  await site.write('empty/.keep', '')
  const cases: [string, string, string[]][] = [
    ['bad-argument', 'Expected the folder of a built site, found nothing', []],
    ['bad-argument', 'found public, notes', ['public', 'notes']],
    ['bad-argument', 'found public/index.html', ['public/index.html']],
    ['bad-document', 'Expected HTML pages in notes, found none', ['notes']],
    ['bad-document', 'Expected HTML pages in empty, found none', ['empty']],
    ['bad-argument', 'other files', ['public', '--output-path', 'notes']],
    ['bad-argument', 'which holds the site itself', ['public', '--output-path', '.']],
    ['bad-argument', 'Expected base as a path', ['public', '--base', 'docs']],
    [
      'bad-argument',
      'Only the search of a site has glob, verbose',
      ['public', '--out', 'x', '--glob', 'a', '--verbose'],
    ],
  ]
  const ended = await Promise.all(cases.map(([, , args]) => lateen('index', ...args)))
  for (const [i, [code, part]] of cases.entries()) {
    expect(ended[i]).toMatchObject({ status: 1, stdout: '' })
    expect(ended[i]!.stderr).toMatch(/^[^\n]+\n$/)
    expect(ended[i]!.stderr).toContain(`lateen: ${code}: `)
    expect(ended[i]!.stderr).toContain(part)
  }
})

test('--serve serves the site under its base when it is indexed', async () => {
  const { process: child, ended } = start([
    'index',
    'public',
    '--no-runtime',
    '--serve',
    '--port',
    '0',
    '--base',
    '/docs/',
  ])
  let printed = ''
  const url = await new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const address = /Serving public at (\S+)\n/.exec(printed)?.[1]
      if (address) resolve(address)
    })
  })
  expect(url).toMatch(/\/docs\/$/)
  expect(await (await fetch(`${url}lateen/manifest.json`)).json()).toMatchObject({ format: 'lateen-index' })
  expect((await fetch(url.replace(/\/$/, ''))).url).toBe(url)
  expect((await fetch(new URL('/lateen/manifest.json', url))).status).toBe(404)
  child.kill('SIGINT')
  expect((await ended).status).toBe(0)
})

test('Ctrl-C in the middle ends it with 130 and leaves no index', async () => {
  for (let i = 0; i < 600; i++) {
    await site.write(`public/many/${i}.html`, page(`Page ${i}`, `<p>${`word${i} `.repeat(150)}</p>`))
  }
  const { process: child, ended } = start(['index', 'public', '--no-runtime', '--threads', '1'])
  setTimeout(() => child.kill('SIGINT'), 3000)
  const { status, stderr } = await ended
  expect(status).toBe(130)
  expect(stderr).toContain('lateen: aborted: ')
  expect(await readdir(site.at('public'))).not.toContain('lateen')
})
