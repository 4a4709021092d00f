import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { filesOf, type HubServer, startHub } from '../../tools/hub-server.ts'
import { sha256Hex } from '../util/hash.ts'
import { parseModelAddress } from './address.ts'
import { readModelBundle } from './bundle.ts'
import { httpSource } from './source-http.ts'
import { type HubOptions, hubSource, readHubListing } from './source-hub.ts'

const ID = 'acme/colbert-tiny'
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251)
const OTHER_WEIGHTS = WEIGHTS.toReversed()
const SETTINGS = new TextEncoder().encode('{"hidden_size": 8}')
const FILES = { 'config.json': SETTINGS, 'onnx/model.onnx': WEIGHTS, 'pytorch_model.bin': WEIGHTS }

let hub: HubServer
beforeEach(async () => {
  hub = await startHub()
})
afterEach(() => hub.close())

async function open(model = `hub:${ID}`, options: HubOptions = {}) {
  const address = parseModelAddress(model)
  if (address.kind !== 'hub') throw new Error(`${model} is no Hub address`)
  const listing = await readHubListing(address, { hub: hub.url, ...options })
  return hubSource(listing, { hub: hub.url, ...options })
}

test('one request lists all files with sizes and hashes, and has() and size() ask no more', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  expect(await source.has('onnx/model.onnx')).toBe(true)
  expect(await source.has('onnx/model_fp16.onnx')).toBe(false)
  expect(await source.has('constructor')).toBe(false)
  expect(await source.size!('pytorch_model.bin')).toBe(WEIGHTS.length)
  expect(await source.sha256!('onnx/model.onnx')).toBe(sha256Hex(WEIGHTS))
  await expect(source.read('lateen.json')).rejects.toMatchObject({ code: 'model-missing-file' })
  expect(hub.takeRequests().map(({ path }) => path)).toEqual([`/api/models/${ID}/revision/main`])
  expect(source.name).toBe('colbert-tiny')
})

test('all files of a load come from the commit the branch stood for when it began', async () => {
  const commit = hub.publish(ID, FILES)
  const source = await open()
  hub.publish(ID, { ...FILES, 'config.json': new TextEncoder().encode('{}') })
  expect(await source.read('config.json')).toEqual(SETTINGS)
  expect(hub.takeRequests().at(-1)!.path).toBe(`/${ID}/resolve/${commit}/config.json`)
  expect((await open()).listing.commit).not.toBe(commit)
  expect(await (await open(`hub:${ID}@${commit}`)).read('config.json')).toEqual(SETTINGS)
})

test('a file in LFS is followed to its host, and its hash compared', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  expect(sha256Hex(await source.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
  expect(hub.takeRequests().map(({ host }) => host)).toEqual(['hub', 'hub', 'cdn'])
  hub.fail('onnx/model.onnx', { content: OTHER_WEIGHTS })
  await expect(source.read('onnx/model.onnx')).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('SHA-256'),
  })
})

const COMMIT = 'a'.repeat(40)
const listing = (file: unknown, sha: unknown = COMMIT) => ({ sha, siblings: [file] })

test.each([
  ['a file above the model', listing({ rfilename: '../../.bashrc', size: 1 })],
  ['a file at the root', listing({ rfilename: '/etc/passwd', size: 1 })],
  ['a file of another drive', listing({ rfilename: 'C:\\autoexec.bat', size: 1 })],
  ['no file at all', listing(null)],
  ['a hash that is a path', listing({ rfilename: 'a', lfs: { sha256: '../../x', size: 1 } })],
  ['a length that is none', listing({ rfilename: 'a', size: -1 })],
  ['a commit that is a path', listing({ rfilename: 'a', size: 1 }, '../../x')],
])('a list with %s is refused before anything is named after it', async (_, info) => {
  vi.stubGlobal('fetch', async () => Response.json(info))
  onTestFinished(() => void vi.unstubAllGlobals())
  await expect(open()).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining(`description of ${ID}`),
  })
})

test('a file may have a name that objects have', async () => {
  hub.publish(ID, { ...FILES, ['__proto__']: SETTINGS })
  const source = await open()
  expect(await source.has('__proto__')).toBe(true)
  expect(await source.has('toString')).toBe(false)
  expect(await source.read('__proto__')).toEqual(SETTINGS)
})

test('a small file is checked by the name git has for it', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  hub.fail('config.json', { content: new TextEncoder().encode('{"hidden_size": 9}') })
  await expect(source.read('config.json')).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('git hash'),
  })
})

test('a model opens from a Hub by the files its reader needs, and no others', async () => {
  const tiny = filesOf('fixtures/tiny-model')
  hub.publish(ID, { ...tiny, 'pytorch_model.bin': WEIGHTS, 'README.md': SETTINGS })
  const { spec, readWeights } = await readModelBundle(await open())
  const reference = await readModelBundle(httpSource(`${hub.url}/${ID}/resolve/main/`))
  expect(spec.fingerprint).toBe(reference.spec.fingerprint)
  expect(spec.name).toBe('colbert-tiny')
  hub.takeRequests()
  expect(await readWeights(spec.weights[0]!)).toEqual(tiny['onnx/model.onnx'])
  expect(hub.takeRequests().map(({ path }) => path.split('/').at(-1))).toEqual([
    'model.onnx',
    sha256Hex(tiny['onnx/model.onnx']!),
  ])
})

test('the hash of weights is taken from the list: a fingerprint costs no download', async () => {
  hub.publish(ID, filesOf('fixtures/tiny-model'))
  await readModelBundle(await open())
  expect(hub.takeRequests().filter(({ path }) => path.endsWith('.onnx'))).toEqual([])
})

test('the total of a download is known from the list', async () => {
  const tiny = filesOf('fixtures/tiny-model')
  hub.publish(ID, tiny)
  const reports: { done: number; total?: number }[] = []
  const { readWeights, spec } = await readModelBundle(await open(), { onProgress: (it) => reports.push(it) })
  await readWeights(spec.weights[0]!)
  const { done, total } = reports.at(-1)!
  expect(total).toBe(done)
  expect(total).toBeGreaterThan(tiny['tokenizer.json']!.length + tiny['onnx/model.onnx']!.length)
})

test('a token goes to the Hub and never to where it redirects', async () => {
  hub.publish(ID, FILES)
  hub.restrict(ID, 'private')
  const source = await open(`hub:${ID}`, { token: 'let-me-in' })
  await source.read('onnx/model.onnx')
  expect(hub.takeRequests().map(({ host, hasToken }) => `${host} ${hasToken}`)).toEqual([
    'hub true',
    'hub true',
    'cdn false',
  ])
})

test('a gated model says that it is, where, and what to do', async () => {
  hub.publish(ID, FILES)
  hub.restrict(ID, 'gated')
  const source = await open()
  await expect(source.read('onnx/model.onnx')).rejects.toMatchObject({
    code: 'model-gated',
    message: expect.stringMatching(/restricted.*HF_TOKEN/),
  })
})

test.each([
  ['hub:acme/nothing', /has no model acme\/nothing/],
  [`hub:${ID}@v9`, /has no revision v9/],
])('%s is missing, and the message says what', async (model, message) => {
  hub.publish(ID, FILES)
  await expect(open(model)).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringMatching(message),
  })
})

test('a private model is a missing one to those without its token', async () => {
  hub.publish(ID, FILES)
  hub.restrict(ID, 'private')
  await expect(open()).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('private'),
  })
})

test('a file that has gone from its commit is missing by name', async () => {
  const commit = hub.publish(ID, FILES)
  const listing = { id: ID, revision: 'main', commit, files: { 'gone.json': null } }
  await expect(hubSource(listing, { hub: hub.url }).read('gone.json')).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('gone.json'),
  })
})

test('a busy Hub is asked again when it says', async () => {
  hub.publish(ID, FILES)
  hub.fail('api', { status: 429, retryAfter: '0' }, { status: 503, retryAfter: new Date().toUTCString() })
  hub.fail('onnx/model.onnx', { status: 429, retryAfter: '0' })
  await (await open()).read('onnx/model.onnx')
})

test('a Hub that stays busy, or wants an hour, is given up as a network failure that says when to come back', async () => {
  hub.publish(ID, FILES)
  hub.fail('api', ...Array.from({ length: 9 }, () => ({ status: 429, retryAfter: '0' })))
  await expect(open()).rejects.toMatchObject({ code: 'network' })
  hub.fail('api', { status: 429, retryAfter: '3600' })
  await expect(open()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('3600 s') })
})

test('waiting for a busy Hub ends at once when it is aborted', async () => {
  hub.publish(ID, FILES)
  hub.fail('api', { status: 429, retryAfter: '50' })
  const controller = new AbortController()
  const listing = readHubListing(
    { kind: 'hub', id: ID, revision: 'main' },
    { hub: hub.url, signal: controller.signal },
  )
  setTimeout(() => controller.abort(), 50)
  await expect(listing).rejects.toMatchObject({ code: 'aborted' })
})

test('a cut transfer goes on where it was cut', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  hub.takeRequests()
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { cutAfter: 100_000 })
  expect(sha256Hex(await source.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
  const ranges = hub.takeRequests().filter(({ host }) => host === 'cdn')
  expect(ranges.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
})

test.each([
  ['too long', 400_000, []],
  ['too short', 50_000, ['bytes=50000-']],
])('a stated length that is %s does no harm', async (_, contentLength, ranges) => {
  hub.publish(ID, FILES)
  const source = await open()
  hub.fail('onnx/model.onnx', { contentLength })
  expect(sha256Hex(await source.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
  const received = hub.takeRequests().filter(({ host }) => host === 'cdn')
  expect(received.flatMap(({ range }) => range ?? [])).toEqual(ranges)
})

test('an address elsewhere that no longer holds is a network failure, not a gate', async () => {
  hub.publish(ID, FILES)
  hub.fail('onnx/model.onnx', { status: 403 })
  await expect((await open()).read('onnx/model.onnx')).rejects.toMatchObject({ code: 'network' })
})

test('a file that changes between two parts is fetched from its beginning', async () => {
  hub.publish(ID, FILES)
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { content: OTHER_WEIGHTS })
  // No hash is known of it here: only the versions the host names tell the parts apart.
  const url = `${hub.url}/${ID}/resolve/main/`
  expect(sha256Hex(await httpSource(url).read('onnx/model.onnx'))).toBe(sha256Hex(OTHER_WEIGHTS))
})

test('a part of a file is read alone', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  hub.takeRequests()
  expect(await source.readRange!('onnx/model.onnx', 1000, 1010)).toEqual(WEIGHTS.subarray(1000, 1010))
  expect(await source.readRange!('onnx/model.onnx', 299_999, 300_100)).toEqual(WEIGHTS.subarray(299_999))
  expect(await source.readRange!('onnx/model.onnx', 300_000, 300_100)).toHaveLength(0)
  expect(hub.takeRequests()[1]!.range).toBe('bytes=1000-1009')
})

test('what answers and is no Hub is named', async () => {
  const listing = readHubListing(
    { kind: 'hub', id: ID, revision: 'main' },
    { hub: `${hub.url}/nothing-here` },
  )
  await expect(listing).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining(hub.url),
  })
})

test('a Hub that cannot be reached is a network failure that says why', async () => {
  hub.goAway(true)
  await expect(open()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining(hub.url) })
})
