/** `lateen model` with a Hub on this machine, as other programs see it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, type HubServer, startHub } from '../../tools/hub-server.ts'
import type { Encoder } from '../encode/encoder.ts'
import { checkPublished } from './check-model.ts'
import { type Ended, startProgram } from './program.test-suite.ts'
import {
  comparePublished,
  PUBLISHED_DOCUMENTS,
  PUBLISHED_QUERY,
  PUBLISHED_SCORES,
} from './published-scores.ts'

const PROGRAM = '.cache/model-test/cli.js'
const ID = 'acme/colbert-tiny'
const TINY = filesOf('fixtures/tiny-model')
/** A well-known name over other weights. */
const KNOWN = 'colbert-ir/colbertv2.0'

let hub: HubServer
let folder: string
let commit: string

beforeAll(async () => {
  await build({ mode: 'node', logLevel: 'warn', build: { outDir: dirname(PROGRAM), emptyOutDir: true } })
  folder = mkdtempSync(join(tmpdir(), 'lateen-models-'))
  hub = await startHub()
  commit = hub.publish(ID, {
    ...TINY,
    'pytorch_model.bin': new Uint8Array(100_000),
    'README.md': new Uint8Array(10),
  })
  hub.publish(KNOWN, TINY)
  const mini = filesOf('public/models/lateen-mini')
  hub.publish('acme/mini', mini)
  hub.publish('acme/mixed', { ...TINY, 'codec.bin': mini['codec.bin']! })
  hub.publish('acme/secret', TINY)
  hub.restrict('acme/secret', 'gated')
}, 120_000)

afterAll(async () => {
  await hub.close()
  rmSync(folder, { recursive: true, force: true })
})

function lateen(...args: string[]): Promise<Ended> {
  const env = { HF_ENDPOINT: hub.url, LATEEN_MODELS: join(folder, 'store') }
  return startProgram(PROGRAM, args, { env }).ended
}

const paths = ({ json }: Ended): string[] => json.files.map(({ path }: { path: string }) => path)

test('pull stores what is needed to run a model, and nothing else', async () => {
  const pulled = await lateen('model', 'pull', `hub:${ID}`, '--json')
  expect([pulled.status, pulled.stderr]).toEqual([0, ''])
  expect(pulled.json).toMatchObject({
    address: `hub:${ID}@${commit}`,
    revision: 'main',
    commit,
    dtypes: ['fp32'],
  })
  expect(paths(pulled)).toContain('onnx/model.onnx')
  expect(paths(pulled)).toContain('tokenizer.json')
  expect(paths(pulled)).not.toContain('pytorch_model.bin')
  expect(paths(pulled)).not.toContain('README.md')
  expect(
    hub
      .takeRequests()
      .map(({ path }) => path)
      .join(),
  ).not.toContain('pytorch_model.bin')
})

test('list names what is stored', async () => {
  const { json } = await lateen('model', 'list', '--json')
  expect(json.store).toBe(join(folder, 'store'))
  expect(json.models).toMatchObject([{ address: `hub:${ID}@${commit}`, revisions: ['main'], hub: hub.url }])
  const { stdout } = await lateen('model', 'list')
  expect(stdout).toContain(`hub:${ID}@${commit.slice(0, 12)}`)
})

test('a pulled model works without its Hub, which is said of a branch', async () => {
  hub.goAway(true)
  const pinned = await lateen('model', 'pull', `${ID}@${commit}`, '--json')
  expect([pinned.status, pinned.stderr]).toEqual([0, ''])
  const branch = await lateen('model', 'show', `hub:${ID}`, '--json')
  hub.goAway(false)
  expect(branch.status).toBe(0)
  expect(branch.json.model).toMatchObject({ name: 'colbert-tiny' })
  expect(branch.stderr).toContain('as it was stored')
})

test('show is what lateen model does with a model', async () => {
  const [short, long] = await Promise.all([
    lateen('model', 'fixtures/tiny-model', '--json'),
    lateen('model', 'show', 'fixtures/tiny-model', '--json'),
  ])
  expect(short.json).toEqual(long.json)
  expect(short.json.backends).toBeUndefined()
})

test('check compares files with the Hub, known answers on every backend, and says that no scores are published', async () => {
  const { status, json } = await lateen('model', 'check', `hub:${ID}`, '--json')
  expect(status).toBe(0)
  for (const { ok } of json.files) expect(ok).toBe(true)
  expect(json.backends.map(({ backend, ok, dtype }: never) => [backend, ok, dtype])).toContainEqual([
    'wasm',
    true,
    'fp32',
  ])
  expect(json.published).toBeNull()
  expect((await lateen('model', 'check', `hub:${ID}`)).stdout).toContain('none are known')
})

test('check finds a file that was damaged on disk, though it reads well', async () => {
  const { json: pulled } = await lateen('model', 'pull', `hub:${ID}`, '--json')
  const file = join(pulled.folder, 'config.json')
  const original = readFileSync(file, 'utf8')
  writeFileSync(file, original.replace(': ', ':\t'))
  const { status, json } = await lateen('model', 'check', `hub:${ID}`, '--json')
  writeFileSync(file, original)
  expect(status).toBe(1)
  expect(json.error).toMatchObject({ code: 'model-invalid', message: expect.stringContaining('config.json') })
  expect(json.files.filter(({ ok }: { ok: boolean }) => !ok)).toMatchObject([{ path: 'config.json' }])
})

test('check finds a codec that belongs to another model', async () => {
  const { status, json } = await lateen('model', 'check', 'hub:acme/mixed', '--json')
  expect(status).toBe(1)
  expect(json.error).toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('vectors of 4 components'),
  })
})

test('two processes that pull the same model do each other no harm', async () => {
  const pulls = await Promise.all([1, 2].map(() => lateen('model', 'pull', 'acme/mini', '--json')))
  expect(pulls.map(({ status }) => status)).toEqual([0, 0])
  const { json } = await lateen('model', 'show', pulls[0]!.json.folder, '--json')
  expect(json.files.map(({ path }: { path: string }) => path)).toEqual(paths(pulls[1]!))
  expect(json.files.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([])
})

test('a checkpoint of a well-known name must give its published scores', async () => {
  const { status, json, stderr } = await lateen('model', 'check', `hub:${KNOWN}`, '--json')
  expect(status).toBe(1)
  expect(json.published).toEqual({ id: KNOWN, scores: PUBLISHED_SCORES[KNOWN] })
  for (const { published } of json.backends) {
    expect(published.ok).toBe(false)
    expect(published.max_difference).toBeGreaterThan(1)
  }
  expect(stderr).toContain('published scores')
  const other = await lateen('model', 'check', 'fixtures/tiny-model', '--scores-of', KNOWN, '--json')
  expect(other.status).toBe(1)
  const unknown = await lateen('model', 'check', 'fixtures/tiny-model', '--scores-of', 'acme/none', '--json')
  expect(unknown.json.error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining(KNOWN) })
})

test('an index is built and searched with a model of a Hub', async () => {
  const index = join(folder, 'index')
  const built = await lateen('index', 'README.md', '--out', index, '--model', 'hub:acme/mini', '--json')
  expect(built).toMatchObject({ status: 0, json: { model: 'lateen-mini' } })
  hub.goAway(true)
  const found = await lateen(
    'search',
    index,
    'late-interaction search in the browser',
    '--model',
    'acme/mini',
    '--mode',
    'semantic',
    '--json',
  )
  hub.goAway(false)
  expect(found.status).toBe(0)
  expect(found.json.hits.length).toBeGreaterThan(0)
})

test('remove forgets a model, and says when there is none', async () => {
  // Three digits could begin another commit as well.
  const vague = await lateen('model', 'remove', `${ID}@${commit.slice(0, 3)}`, '--json')
  expect(vague.json.error.code).toBe('bad-argument')
  const { status, json } = await lateen('model', 'remove', `${ID}@${commit.slice(0, 12)}`, '--json')
  expect(status).toBe(0)
  expect(json.removed).toMatchObject([{ address: `hub:${ID}@${commit}` }])
  const again = await lateen('model', 'remove', ID, '--json')
  expect([again.status, again.json.error.code]).toEqual([1, 'bad-argument'])
})

test.each([
  ['model-gated', ['pull', 'hub:acme/secret']],
  ['model-missing-file', ['pull', 'hub:acme/none']],
  ['model-missing-file', ['pull', `hub:${ID}@v9`]],
  ['model-missing-file', ['pull', `hub:${ID}`, '--dtype', 'q4']],
  ['bad-argument', ['pull', 'hub:none']],
  ['bad-argument', ['pull', 'fixtures/tiny-model']],
  ['bad-argument', ['pull', `hub:${ID}`, '--dtype', 'fp64']],
  ['bad-argument', ['remove', './none']],
  ['model-missing-file', ['show', './none']],
])('%s: lateen model %j', async (code, args) => {
  const { status, json, stderr } = await lateen('model', ...args, '--json')
  expect([status, json.error.code]).toEqual([1, code])
  expect(stderr).toMatch(new RegExp(`^lateen: ${code}: .+\\n$`))
})

/** One token for a text: its similarity to the query is its score. */
function scoring(scores: readonly number[], dtype: 'fp32' | 'q8') {
  const encoded = (value: number) => ({ matrix: { data: Float32Array.of(value), numTokens: 1, dim: 1 } })
  return {
    weights: { path: 'model.onnx', dtype },
    encodeQuery: async (text: string) => encoded(text === PUBLISHED_QUERY ? 1 : Number.NaN),
    encodeDocuments: async (texts: readonly string[]) =>
      texts.map((text) => encoded(scores[PUBLISHED_DOCUMENTS.indexOf(text)]!)),
  } as unknown as Encoder
}

test('published scores are compared within a thousandth, and only reported for quantised weights', async () => {
  const published = PUBLISHED_SCORES[KNOWN]!
  const near = published.map((score) => score + 0.0009)
  const far = published.map((score, i) => score + (i === 2 ? 0.05 : 0))
  expect(comparePublished(published, published)).toEqual({ maxDifference: 0, agrees: true })
  expect(await checkPublished(scoring(near, 'fp32'), published)).toMatchObject({
    ok: true,
    max_difference: 0.0009,
  })
  expect(await checkPublished(scoring(far, 'fp32'), published)).toMatchObject({
    ok: false,
    max_difference: 0.05,
  })
  expect(await checkPublished(scoring(far, 'q8'), published)).toMatchObject({
    ok: null,
    max_difference: 0.05,
  })
})
