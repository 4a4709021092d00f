import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import {
  checkCompatible,
  filesOf,
  isFileName,
  type Manifest,
  parseManifest,
  serializeManifest,
  storedFilesOf,
} from './manifest.ts'
import { fixtureIndex, residualCodec, SAMPLE_MODEL, sampleManifest } from './samples.test-suite.ts'

const { manifest } = fixtureIndex()
const vectors = manifest.segments[0]!.vectorFile
const hash = 'ab'.repeat(32)

/** A copy of the sample with one value replaced. */
function withValue(path: readonly (string | number)[], value: unknown): string {
  const copy = JSON.parse(serializeManifest(manifest))
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key]
  at[path.at(-1)!] = value
  return JSON.stringify(copy)
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isLateenError(error)) return error.code
    throw error
  }
  return 'accepted'
}

test('a manifest survives being written and read, from text or bytes', () => {
  const full: Manifest = {
    ...manifest,
    codec: { ...manifest.codec, file: { file: `${hash}.codec`, bytes: 9, sha256: hash } },
    segments: [
      {
        ...manifest.segments[0]!,
        lexicalFile: { file: `${hash}.lexical`, bytes: 7, sha256: hash },
        removed: [0, 1],
      },
    ],
    base: { sha256: hash, segments: 1, removedIds: ['a', 'b'] },
  }
  const text = serializeManifest(full)
  expect(parseManifest(text)).toEqual(full)
  expect(parseManifest(new TextEncoder().encode(text))).toEqual(full)
  expect(serializeManifest(parseManifest(text))).toBe(text)
})

test('equal manifests are written alike, whatever the order of their keys', () => {
  const reversed = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as Manifest
  expect(serializeManifest(reversed)).toBe(serializeManifest(manifest))
})

test.each<[string, readonly (string | number)[], unknown]>([
  ['an unknown format', ['format'], 'pagefind'],
  ['a version that is no pair', ['version'], [1]],
  ['a revision of 0', ['revision'], 0],
  ['a fractional revision', ['revision'], 1.5],
  ['a fingerprint in upper case', ['model', 'fingerprint'], 'AB'.repeat(32)],
  ['a missing tokenizer hash', ['model', 'tokenizerHash'], undefined],
  ['a dim of 0', ['model', 'dim'], 0],
  ['an unknown codec', ['codec', 'kind'], 'pq'],
  ['3 bits', ['codec', 'bits'], 3],
  ['segments that are no list', ['segments'], {}],
  ['a segment that is null', ['segments', 0], null],
  ['a negative count', ['segments', 0, 'passages'], -1],
  ['a file name that leaves the folder', ['segments', 0, 'textFile', 'file'], '../../etc/passwd'],
  ['a file name that is not its hash', ['segments', 0, 'textFile', 'sha256'], hash],
  ['a vector file where text is expected', ['segments', 0, 'textFile'], manifest.segments[0]!.vectorFile],
  ['parts that do not add up to the file', ['segments', 0, 'textFile', 'parts'], [100, 100]],
  ['an empty part', ['segments', 0, 'vectorFile', 'parts'], [1027, 0]],
  ['no parts at all', ['segments', 0, 'vectorFile', 'parts'], []],
  [
    'more than 1,024 parts',
    ['segments', 0, 'vectorFile'],
    { ...vectors, bytes: 1025, parts: Array(1025).fill(1) },
  ],
  ['removed documents that are not ascending', ['segments', 0, 'removed'], [1, 0]],
  ['a removed document that does not exist', ['segments', 0, 'removed'], [2]],
  ['more base segments than segments', ['base'], { sha256: hash, segments: 2, removedIds: [] }],
  ['unsorted removed ids', ['base'], { sha256: hash, segments: 1, removedIds: ['b', 'a'] }],
])('%s is refused as index-invalid', (_name, path, value) => {
  const text = withValue(path, value)
  expect(codeOf(() => parseManifest(text))).toBe('index-invalid')
})

test('a message names the key, what was expected and what was found', () => {
  expect(() => parseManifest(withValue(['segments', 0, 'vectorFile', 'bytes'], '12'))).toThrow(
    /segments\[0\]\.vectorFile\.bytes: expected an integer of at least 0, found "12"/,
  )
})

test('an HTML page in place of the manifest is refused and recognisable', () => {
  expect(() => parseManifest('<!doctype html><title>404</title>')).toThrow(/begins with "<!doctype html>/)
  expect(codeOf(() => parseManifest('<!doctype html>'))).toBe('index-invalid')
  expect(codeOf(() => parseManifest(new Uint8Array([0xff, 0xfe, 0x00])))).toBe('index-invalid')
})

test.each([
  [0, 9],
  [1, 1],
  [2, 0],
])('format version %i.%i is refused as index-version', (major, minor) => {
  expect(codeOf(() => parseManifest(withValue(['version'], [major, minor])))).toBe('index-version')
})

test('a manifest of a later version is told apart from a damaged one even when its shape has changed', () => {
  const later = JSON.stringify({ format: 'lateen-index', version: [2, 0], parts: [] })
  expect(codeOf(() => parseManifest(later))).toBe('index-version')
})

test('prototype keys are data that reaches no prototype', () => {
  const text = serializeManifest(manifest).replace('{', '{"__proto__": {"polluted": true}, "constructor": 1,')
  const parsed = parseManifest(text)
  expect(parsed).toEqual(manifest)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  // Nothing is inherited from a key of that name: a manifest inside "__proto__" does not count.
  expect(codeOf(() => parseManifest(`{"__proto__": ${serializeManifest(manifest)}}`))).toBe('index-invalid')
})

test('any JSON is either a manifest or refused with a code', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(codeOf(() => parseManifest(text))).toBe('index-invalid')
    }),
    { seed: 1 },
  )
})

test('a change of any value is accepted or refused with a code, never a crash', () => {
  const leaves: (string | number)[][] = []
  const walk = (value: unknown, path: (string | number)[]) => {
    leaves.push(path)
    if (typeof value !== 'object' || value === null) return
    for (const [key, one] of Object.entries(value)) walk(one, [...path, key])
  }
  walk(JSON.parse(serializeManifest(manifest)), [])
  fc.assert(
    fc.property(fc.constantFrom(...leaves.slice(1)), fc.jsonValue(), (path, value) => {
      expect(['accepted', 'index-invalid', 'index-version']).toContain(
        codeOf(() => parseManifest(withValue(path, value))),
      )
    }),
    { seed: 2, numRuns: 500 },
  )
})

test('the same model, tokenizer and codec are compatible', () => {
  const codecFingerprint = residualCodec().fingerprint
  expect(() => checkCompatible(manifest, { ...SAMPLE_MODEL, codecFingerprint })).not.toThrow()
})

test.each(['fingerprint', 'tokenizerHash', 'codecFingerprint'])(
  'another %s is refused, naming both sides',
  (key) => {
    const ours = { ...SAMPLE_MODEL, name: 'mine', codecFingerprint: residualCodec().fingerprint, [key]: hash }
    expect(codeOf(() => checkCompatible(manifest, ours))).toBe('index-model-mismatch')
    expect(() => checkCompatible(manifest, ours)).toThrow(/abababababab.*"mine".*or build it again/)
  },
)

test('lists of numbers take one line, whatever the strings around them hold', () => {
  const odd = { ...manifest, passages: { policy: '[\n  1,\n  2\n]', maxTokens: 3 } }
  const text = serializeManifest(odd)
  expect(text).toContain('"version": [1, 0],')
  expect(text).toMatch(/"parts": \[\d+, \d+\]\n/)
  expect(parseManifest(text)).toEqual(odd)
})

test('storedFilesOf lists what is stored: whole files, and parts by names of their own', () => {
  const [segment] = manifest.segments
  const { vectorFile, textFile } = segment!
  expect(storedFilesOf(sampleManifest([segment!, segment!]))).toEqual([
    vectorFile,
    ...textFile.parts!.map((bytes, i) => ({ file: `${textFile.sha256}-${i}.text`, bytes })),
  ])
})

test.each([
  [`${hash}.text`, true],
  [`${hash}-0.lexical`, true],
  [`${hash}-1023.text`, true],
  [`${hash}-.text`, false],
  [`${hash}-0.html`, false],
  [`${hash}-0.text.tmp`, false],
  [`../${hash}-0.text`, false],
])('%s is a name of ours: %s', (name, expected) => {
  expect(isFileName(name)).toBe(expected)
})

test('filesOf lists every file once', () => {
  const [segment] = manifest.segments
  const codec = { ...manifest.codec, file: { file: `${hash}.codec`, bytes: 9, sha256: hash } }
  expect(filesOf(sampleManifest([segment!, segment!], { codec }))).toEqual([
    codec.file,
    segment!.vectorFile,
    segment!.textFile,
  ])
})
