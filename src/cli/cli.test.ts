/** The command line as other programs see it: a child process with arguments, two streams and an exit code. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writePlaid } from '../../bench/plaid-files.ts'
import { DEFAULT_INDEX } from '../search/engine.ts'
import type { Explanation } from '../types.ts'
import { VERSION } from '../version.ts'
import { type Ended, startProgram } from './program.test-suite.ts'

const PROGRAM = '.cache/cli-test/cli.js'
const MODEL = 'public/models/lateen-mini'

let folder: string
const at = (path: string) => join(folder, path)

beforeAll(async () => {
  await build({ mode: 'node', logLevel: 'warn', build: { outDir: dirname(PROGRAM), emptyOutDir: true } })
  folder = await mkdtemp(join(tmpdir(), 'lateen-cli-'))
  await write(
    'site/guide/install.md',
    '# Install\n\nRun the installer and restart.\n\n## Windows\n\nUse the setup program.\n',
  )
  await write(
    'site/guide/index.html',
    '<title>Guide</title><main><h1>Guide</h1><p>Everything about sailing boats.</p></main>',
  )
  await write('site/abort.txt', 'Call controller.abort() to stop a running download.')
  await write(
    'site/facts.jsonl',
    '{"_id": "moon", "title": "Tides", "text": "The moon pulls the sea twice a day.", "url": "/tides"}\n',
  )
  await write('site/broken.txt', EVERY_BYTE)
  await write('beir/corpus.jsonl', BEIR.corpus)
  await write('beir/queries.jsonl', BEIR.queries)
  await write('beir/qrels.tsv', BEIR.qrels)
  await lateen('index', at('site'), '--out', at('index'))
}, 120_000)

afterAll(() => rm(folder, { recursive: true }))

describe('lateen', () => {
  test('--help and --version answer on standard output', async () => {
    const help = await lateen('--help')
    expect(help.status).toBe(0)
    for (const command of ['index', 'import', 'search', 'eval', 'inspect', 'serve', 'model']) {
      expect(help.stdout).toContain(`\n  ${command} `)
      expect((await lateen(command, '--help')).stdout).toContain('Examples:')
    }
    expect((await lateen('--version')).stdout).toBe(`${VERSION}\n`)
  })

  test('without a command it shows its help and fails', async () => {
    const { status, stderr, stdout } = await lateen()
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('Usage: lateen')
  })
})

describe('lateen index', () => {
  test('prints what it wrote as one JSON object and names what it skipped', async () => {
    const { status, json } = await lateen('index', at('site'), '--out', at('again'), '--json')
    expect(status).toBe(0)
    expect(json).toMatchObject({
      out: at('again'),
      documents: 4,
      bits: DEFAULT_INDEX.bits,
      pool_factor: DEFAULT_INDEX.poolFactor,
      model: 'lateen-mini',
      skipped: [{ id: 'broken.txt', reason: expect.stringContaining('binary') }],
    })
    expect(json.passages).toBeGreaterThanOrEqual(4)
    expect(json.vectors).toBeGreaterThan(json.passages)
    const sizes = await Promise.all(
      (await readdir(at('again'))).map(async (name) => (await readFile(at(`again/${name}`))).length),
    )
    expect(json.bytes.total).toBe(sizes.reduce((a, b) => a + b, 0))
    expect(json.bytes.lexical).toBeGreaterThan(0)
  })

  test('the same input gives the same bytes, elsewhere and over itself', async () => {
    const first = await snapshot('index')
    await lateen('index', at('site'), '--out', at('twin'))
    expect(await snapshot('twin')).toEqual(first)
    await lateen('index', at('site'), '--out', at('twin'))
    expect(await snapshot('twin')).toEqual(first)
  })

  test('another input replaces an index, and a damaged index is mended', async () => {
    await lateen('index', at('site/abort.txt'), '--out', at('replaced'))
    await lateen('index', at('site'), '--out', at('replaced'))
    const { json } = await lateen('search', at('replaced'), 'tides', '--json')
    expect(json.hits[0].id).toBe('moon')
    const name = (await readdir(at('replaced'))).find((file) => file.endsWith('.vectors'))!
    await truncate(at(`replaced/${name}`), 100)
    await lateen('index', at('site'), '--out', at('replaced'))
    expect((await lateen('inspect', at('replaced'), '--verify')).status).toBe(0)
  })

  test('Ctrl-C ends it with 130 and leaves no index', async () => {
    const lines = Array.from({ length: 4000 }, (_, i) => JSON.stringify({ _id: `${i}`, text: BEIR.corpus }))
    await write('large.jsonl', lines.join('\n'))
    const child = start('index', at('large.jsonl'), '--out', at('never'), '--json')
    // Its first line of progress: it is in the middle of encoding.
    child.process.stderr.once('data', () => child.process.kill('SIGINT'))
    const { status, json, stderr } = await child.ended
    expect([status, json.error.code]).toEqual([130, 'aborted'])
    expect(stderr).toMatch(/^Indexing .+ of 4,000 passages/)
    expect(stderr).toMatch(/^lateen: aborted: .+$/m)
    expect(await readdir(at('never')).catch(() => [])).not.toContain('manifest.json')
  })
})

describe('lateen search', () => {
  test('finds by keyword and by meaning, with plain data for every hit', async () => {
    const { status, json } = await lateen(
      'search',
      at('index'),
      'stop a transfer that is in progress',
      '--json',
    )
    expect(status).toBe(0)
    expect(Object.keys(json)).toEqual(['query', 'mode', 'timings', 'hits'])
    expect(json.mode).toBe('hybrid')
    expect(json.timings.encodeMs).toBeGreaterThan(0)
    expect(Object.keys(json.hits[0]).sort()).toEqual([
      'excerpt',
      'headings',
      'id',
      'legs',
      'metadata',
      'passage',
      'score',
      'sections',
      'title',
      'url',
    ])
    expect(json.hits[0]).toMatchObject({ id: 'abort.txt', url: 'abort.txt', title: 'abort' })
  })

  test('-k limits, --mode chooses, and a heading is part of the URL', async () => {
    const { json } = await lateen(
      'search',
      at('index'),
      'setup program',
      '-k',
      '1',
      '--mode',
      'lexical',
      '--json',
    )
    expect(json.hits).toHaveLength(1)
    expect(json.hits[0]).toMatchObject({ id: 'guide/install.md', headings: ['Windows'], legs: ['lexical'] })
    expect(json.hits[0].url).toBe('guide/install.md#windows')
    expect(json.timings.encodeMs).toBeUndefined()
  })

  test('--explain adds shares that add up to one', async () => {
    const { json } = await lateen('search', at('index'), 'the moon and the water', '--explain', '--json')
    for (const { explanation } of json.hits as { explanation: Explanation }[]) {
      const shares = explanation.queryTokens.reduce((sum, { share }) => sum + share, 0)
      expect(shares).toBeCloseTo(1, 5)
    }
    expect(json.hits[0].id).toBe('moon')
  })

  test('prints for people without control characters when its output is no terminal', async () => {
    const { stdout } = await lateen('search', at('index'), 'installer', '--explain')
    expect(stdout).toContain(' 1. Install')
    expect(stdout).toContain('guide/install.md')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  test('an empty query finds nothing, a very long one is answered', async () => {
    expect((await lateen('search', at('index'), '', '--json')).json.hits).toEqual([])
    const long = await lateen('search', at('index'), 'sailing boats '.repeat(715), '--json')
    expect(long.status).toBe(0)
    expect(long.json.hits[0].id).toBe('guide/index.html')
  })
})

describe('lateen eval', () => {
  test('prints the figures of the contract', async () => {
    const { status, json } = await lateen('eval', at('beir'), '--json')
    expect(status).toBe(0)
    expect(json).toMatchObject({
      collection: 'beir',
      passages: 4,
      queries: 2,
      mode: 'hybrid',
      'ndcg@10': expect.any(Number),
      'recall@100': 1,
      'mrr@10': expect.any(Number),
      bits: DEFAULT_INDEX.bits,
      pool_factor: DEFAULT_INDEX.poolFactor,
      scorer: 'wasm',
    })
    expect(json.index_bytes).toBeGreaterThan(500)
    expect(json.bytes_per_passage).toBeCloseTo(json.index_bytes / 4, 1)
    for (const key of ['vectors_per_passage', 'build_seconds', 'encode_ms_p50', 'search_ms_p50']) {
      expect(json[key]).toBeGreaterThan(0)
    }
  })

  test('float and reference agree with codes and WebAssembly on which document answers', async () => {
    const options = ['--mode', 'semantic', '--json']
    const float = await lateen(
      'eval',
      at('beir'),
      '--bits',
      '32',
      '--pool-factor',
      '1',
      '--scorer',
      'reference',
      ...options,
    )
    const codes = await lateen('eval', at('beir'), ...options)
    expect(float.json['mrr@10']).toBe(1)
    expect(codes.json['mrr@10']).toBe(1)
    expect(codes.json.vector_bytes_per_passage).toBeLessThan(float.json.vector_bytes_per_passage / 4)
  })

  test('--mode lexical encodes no query', async () => {
    const { json } = await lateen('eval', at('beir'), '--mode', 'lexical', '--json')
    expect(json.encode_ms_p50).toBeNull()
  })
})

describe('lateen inspect', () => {
  test('accounts for every byte and verifies every file', async () => {
    const { json } = await lateen('inspect', at('index'), '--verify', '--json')
    const files = await readdir(at('index'))
    expect(json).toMatchObject({
      version: '1.0',
      revision: 1,
      documents: 4,
      removed_documents: 0,
      verified: files.length - 1,
      model: { name: 'lateen-mini' },
      codec: { kind: 'residual', bits: DEFAULT_INDEX.bits },
      pooling: { factor: DEFAULT_INDEX.poolFactor },
    })
    const { total, ...kinds } = json.bytes as Record<string, number>
    expect(Object.values(kinds).reduce((a, b) => a + b, 0)).toBe(total)
    const perVector = Object.values(json.bytes_per_vector as Record<string, number>).reduce(
      (a, b) => a + b,
      0,
    )
    expect(perVector * json.vectors).toBeCloseTo(kinds['vectors']!, -1)
    expect((await lateen('inspect', at('index'))).stdout).toContain(`${DEFAULT_INDEX.bits} bits a dimension`)
  })
})

describe('lateen model', () => {
  test('--check proves the bundle on every backend of this machine', async () => {
    const { status, json } = await lateen('model', MODEL, '--check', '--json')
    expect(status).toBe(0)
    expect(json).toMatchObject({ ok: true, model: { name: 'lateen-mini' } })
    for (const backend of json.backends) expect(backend.min_cosine).toBeGreaterThan(0.9)
  })

  test('--check fails when a file of the bundle was changed', async () => {
    await cp(MODEL, at('changed'), { recursive: true })
    await writeFile(at('changed/config_sentence_transformers.json'), '{}')
    const { status, json } = await lateen('model', at('changed'), '--check', '--json')
    expect(status).toBe(1)
    expect(JSON.stringify(json)).toContain('config_sentence_transformers.json')
  })
})

test('lateen serve answers on a port of its own until Ctrl-C', async () => {
  const child = start('serve', at('site'), '--port', '0', '--json')
  const url = await new Promise<string>((resolve) => {
    child.process.stdout.once('data', (chunk) => resolve(JSON.parse(String(chunk)).url))
  })
  expect(await (await fetch(`${url}abort.txt`)).text()).toContain('controller.abort()')
  child.process.kill('SIGINT')
  expect((await child.ended).status).toBe(0)
})

describe('what cannot be done is said in one line, with a code and an exit status', () => {
  test.each<[string, string, () => string[]]>([
    ['bad-argument', 'a missing folder', () => ['index', at('nowhere'), '--out', at('x')]],
    ['bad-argument', 'a missing --out', () => ['index', at('site/abort.txt')]],
    ['bad-argument', 'wrong bits', () => ['index', at('site'), '--out', at('x'), '--bits', '3']],
    [
      'bad-argument',
      'a pool factor of 0',
      () => ['index', at('site'), '--out', at('x'), '--pool-factor', '0'],
    ],
    ['bad-argument', 'a folder of other files to write to', () => ['index', at('site'), '--out', at('beir')]],
    ['bad-argument', 'an unknown option', () => ['index', at('site'), '--out', at('x'), '--fast']],
    ['bad-argument', 'an unknown command', () => ['find', at('site')]],
    ['bad-argument', 'a mode that does not exist', () => ['search', at('index'), 'x', '--mode', 'psychic']],
    ['bad-argument', 'weights nobody has', () => ['search', at('index'), 'x', '--dtype', 'int3']],
    ['bad-argument', 'a limit of 1001', () => ['search', at('index'), 'x', '-k', '1001']],
    ['bad-argument', 'a missing query', () => ['search', at('index')]],
    ['bad-argument', 'a collection without judgements', () => ['eval', at('site')]],
    ['bad-argument', 'a folder to serve that is a file', () => ['serve', at('site/abort.txt')]],
    ['index-not-found', 'a folder that is no index', () => ['search', at('site'), 'x']],
    ['index-not-found', 'an index that is not there', () => ['inspect', at('nowhere')]],
    [
      'model-missing-file',
      'a folder that is no model',
      () => ['index', at('site'), '--out', at('x'), '--model', at('site')],
    ],
  ])('%s: %s', async (code, _what, args) => {
    await expectFailure(code, ...args())
  })

  test('bad-document: an empty folder, and one of binary files', async () => {
    await mkdir(at('empty'), { recursive: true })
    await expectFailure('bad-document', 'index', at('empty'), '--out', at('x'))
    await write('binaries/a.txt', EVERY_BYTE)
    await expectFailure('bad-document', 'index', at('binaries'), '--out', at('x'))
    await write('blank/a.md', ' \n')
    await expectFailure('bad-document', 'index', at('blank'), '--out', at('x'))
  })

  test('bad-document: a broken line is named by file and number', async () => {
    await write('lines/docs.jsonl', '{"_id": "a", "text": "a"}\n{"_id": "b", "text": \n')
    const message = await expectFailure('bad-document', 'index', at('lines'), '--out', at('x'))
    expect(message).toContain('docs.jsonl, line 2')
  })

  test('duplicate-id: two documents of one name', async () => {
    await write('twice/docs.jsonl', '{"_id": "a", "text": "a"}\n{"_id": "a", "text": "b"}\n')
    await expectFailure('duplicate-id', 'index', at('twice'), '--out', at('x'))
  })

  test('index-model-mismatch: an index of another model, though keywords would still be found', async () => {
    await cp(MODEL, at('other-model'), { recursive: true })
    await rm(at('other-model/lateen.json'), { force: true })
    const config = at('other-model/config_sentence_transformers.json')
    const settings = JSON.parse(await readFile(config, 'utf8'))
    await writeFile(config, JSON.stringify({ ...settings, document_length: settings.document_length - 8 }))
    await expectFailure('index-model-mismatch', 'search', at('index'), 'tides', '--model', at('other-model'))
    const lexical = await lateen(
      'search',
      at('index'),
      'tides',
      '--model',
      at('other-model'),
      '--mode',
      'lexical',
      '--json',
    )
    expect(lexical.json.hits[0].id).toBe('moon')
  })

  test.each(['vectors', 'text', 'lexical'])('segment-corrupt: a truncated %s file', async (kind) => {
    await cp(at('index'), at(`cut-${kind}`), { recursive: true })
    const name = (await readdir(at('index'))).find((file) => file.endsWith(`.${kind}`))!
    await truncate(at(`cut-${kind}/${name}`), 300)
    await expectFailure('segment-corrupt', 'search', at(`cut-${kind}`), 'tides')
    await expectFailure('segment-corrupt', 'inspect', at(`cut-${kind}`), '--verify')
  })

  test('segment-missing and index-invalid: a file that is gone, a manifest that is damaged', async () => {
    await cp(at('index'), at('gone'), { recursive: true })
    const name = (await readdir(at('index'))).find((file) => file.endsWith('.text'))!
    await rm(at(`gone/${name}`))
    await expectFailure('segment-missing', 'search', at('gone'), 'tides')
    await writeFile(at('gone/manifest.json'), '{"format": "lateen-index"')
    await expectFailure('index-invalid', 'inspect', at('gone'))
  })
})

async function write(path: string, content: string | Uint8Array) {
  await mkdir(dirname(at(path)), { recursive: true })
  await writeFile(at(path), content)
}

/** Names and contents of a folder. */
async function snapshot(path: string): Promise<Record<string, string>> {
  const names = (await readdir(at(path))).sort()
  const contents = await Promise.all(names.map((name) => readFile(at(`${path}/${name}`), 'base64')))
  return Object.fromEntries(names.map((name, i) => [name, contents[i]!]))
}

/** Runs once for people and once with `--json`; returns the message. */
async function expectFailure(code: string, ...args: string[]): Promise<string> {
  const [plain, asJson] = await Promise.all([lateen(...args), lateen(...args, '--json')])
  expect([plain.status, plain.stdout]).toEqual([1, ''])
  expect(asJson.status).toBe(1)
  const { message } = asJson.json.error
  expect(asJson.json).toEqual({ error: { code, message: expect.stringMatching(/^[^\n]+$/) } })
  // On a slow machine lines of progress come before it.
  expect(plain.stderr.trimEnd().split('\n').at(-1)).toBe(`lateen: ${code}: ${message}`)
  return message
}

describe('lateen import', () => {
  /** Three passages of 64 dimensions, as the bundled model has them. */
  const plaid = async (): Promise<string> => {
    await writePlaid(at('plaid'), 'numpy', {
      bits: 2,
      dim: 64,
      centroids: Float32Array.from({ length: 128 }, (_, i) => Math.sin(i) / 8),
      cutoffs: Float32Array.of(-0.1, 0, 0.1),
      weights: Float32Array.of(-0.15, -0.05, 0.05, 0.15),
      chunks: [
        {
          doclens: [2, 0, 1],
          codes: Uint32Array.of(0, 1, 0),
          residuals: Uint8Array.from({ length: 48 }, (_, i) => i * 5),
        },
      ],
    })
    return at('plaid')
  }

  test('an index of another library can be searched afterwards', async () => {
    const folder = await plaid()
    await write(
      'collection.tsv',
      '0\tLava is molten rock.\tVolcanoes\n1\tYeast makes dough rise.\n2\tWind fills a sail.\n',
    )
    const { status, json } = await lateen(
      ...['import', folder, '--out', at('imported'), '--model', MODEL],
      ...['--documents', at('collection.tsv'), '--json'],
    )
    expect(status).toBe(0)
    expect(json).toMatchObject({ documents: 3, vectors: 3, layout: 'numpy', dim: 64, bits: 2, centroids: 2 })
    const lexical = await lateen('search', at('imported'), 'volcanoes', '--mode', 'lexical', '--json')
    expect(lexical.json.hits).toMatchObject([{ id: '0', title: 'Volcanoes' }])
    const semantic = await lateen('search', at('imported'), 'rock', '--mode', 'semantic', '--json')
    expect(semantic.status).toBe(0)
    expect((await lateen('inspect', at('imported'))).status).toBe(0)
  })

  test('says which line of the collection or of the ids is wrong', async () => {
    const folder = await plaid()
    await write('wrong.tsv', '0\tone\n7\ttwo\n2\tthree\n')
    await write('wrong.json', '["a", {}, "c"]')
    const args = ['import', folder, '--out', at('never'), '--model', MODEL]
    const texts = await lateen(...args, '--documents', at('wrong.tsv'))
    expect(texts.stderr).toMatch(/bad-document: wrong\.tsv, line 2: expected the passage number 1/)
    const ids = await lateen(...args, '--ids', at('wrong.json'))
    expect(ids.stderr).toMatch(/bad-document: wrong\.json, line 2: expected an id/)
  })

  test('refuses a model of another dimension, and no model', async () => {
    const fixture = 'fixtures/plaid/pylate-4bit'
    const other = await lateen('import', fixture, '--out', at('never'), '--model', MODEL)
    expect(other.stderr).toMatch(/index-model-mismatch: .*16 dimensions/)
    const none = await lateen('import', fixture, '--out', at('never'))
    expect(none.stderr).toMatch(/bad-argument: .*--model/)
  })
})

const start = (...args: string[]) => startProgram(PROGRAM, args)

function lateen(...args: string[]): Promise<Ended> {
  return start(...args).ended
}

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i)

const BEIR = {
  corpus: [
    { _id: 'd1', title: 'Volcanoes', text: 'Molten rock rises from below the crust and erupts as lava.' },
    { _id: 'd2', title: 'Bread', text: 'Yeast makes the dough rise before it is baked in an oven.' },
    { _id: 'd3', title: 'Locks', text: 'A mutex keeps two threads from writing shared memory at once.' },
    { _id: 'd4', title: 'Sails', text: 'Wind on a triangular sail drives a boat across the water.' },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n'),
  queries: [
    { _id: 'q1', text: 'how do volcanoes erupt' },
    { _id: 'q2', text: 'threads and shared memory' },
    { _id: 'q3', text: 'nobody judged this one' },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n'),
  qrels: 'query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td3\t1\n',
}
