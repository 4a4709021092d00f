/** Damaged, unfinished and hostile index folders: a code and a sentence, and nothing is ever run. */
import { cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type ErrorCode, isLateenError } from '../errors.ts'
import { parseIdPickle } from './ids.ts'
import { parseNpy } from './npy.ts'
import { readPlaid } from './read.node.ts'
import { parseTorch } from './torch.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-plaid-'))
})
afterEach(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const copy = (name: string) => cp(`fixtures/plaid/${name}`, folder, { recursive: true })

async function change(name: string, edit: (bytes: Buffer) => Uint8Array | undefined): Promise<void> {
  const bytes = await readFile(at(name))
  await writeFile(at(name), edit(bytes) ?? bytes)
}

const changeJson = (name: string, edit: (value: Record<string, unknown>) => unknown) =>
  change(name, (bytes) => Buffer.from(JSON.stringify(edit(JSON.parse(bytes.toString())))))

async function readAll(): Promise<void> {
  const index = await readPlaid(folder)
  for await (const chunk of index.chunks()) void chunk
}

const fails = (code: ErrorCode, message: RegExp) =>
  expect(readAll()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })

describe('NumPy files', () => {
  beforeEach(() => copy('next-plaid-1bit'))

  test('cut short', async () => {
    await change('0.residuals.npy', (bytes) => bytes.subarray(0, bytes.length - 1))
    await fails('segment-corrupt', /0\.residuals\.npy.*expected \d+ bytes.*found \d+/)
  })

  test('cut within the header', async () => {
    await change('centroids.npy', (bytes) => bytes.subarray(0, 40))
    await fails('segment-corrupt', /centroids\.npy.*header/)
  })

  test('of another kind of file', async () => {
    await writeFile(at('0.codes.npy'), '<!doctype html> not found')
    await fails('segment-corrupt', /0\.codes\.npy.*NumPy/)
  })

  test.each([
    ['0.codes.npy', '<i8', '<f8', /integers.*f8/],
    ['0.codes.npy', '<i8', '>i8', /little-endian/],
    ['0.codes.npy', '<i8', '<c8', /little-endian numbers/],
    ['0.residuals.npy', '|u1', '|i1', /unsigned bytes.*i1/],
    ['centroids.npy', '<f4', '<i4', /floats.*i4/],
    ['centroids.npy', 'False', 'True ', /Fortran/],
    ['0.residuals.npy', '), }', 'x, }', /a shape/],
  ])('%s with %s made %s', async (name, from, to, message) => {
    await change(name, (bytes) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1'))
    await fails('segment-corrupt', message)
  })

  test('with a code that no centroid has', async () => {
    await change('1.codes.npy', (bytes) => {
      bytes.writeBigInt64LE(32n, bytes.length - 8)
      return bytes
    })
    await fails('segment-corrupt', /1\.codes\.npy.*0 to 31.*found 32/)
  })

  test('with a negative code', async () => {
    await change('1.codes.npy', (bytes) => {
      bytes.writeBigInt64LE(-1n, bytes.length - 8)
      return bytes
    })
    await fails('segment-corrupt', /1\.codes\.npy.*found -1/)
  })

  test('with a centroid that is not a number', async () => {
    await change('centroids.npy', (bytes) => {
      bytes.writeFloatLE(Number.NaN, bytes.length - 4)
      return bytes
    })
    await fails('segment-corrupt', /centroids\.npy.*finite.*NaN/)
  })

  test('with falling buckets', async () => {
    await change('bucket_weights.npy', (bytes) => {
      bytes.writeFloatLE(-9, bytes.length - 4)
      return bytes
    })
    await fails('segment-corrupt', /bucket_weights\.npy.*ascending/)
  })
})

describe('an index folder', () => {
  beforeEach(() => copy('next-plaid-1bit'))

  test('that is none', async () => {
    await rm(at('centroids.npy'))
    await fails('index-not-found', /PLAID index.*centroids/)
  })

  test('that was not finished', async () => {
    await rm(at('metadata.json'))
    await fails('index-not-found', /metadata\.json.*not finished/)
  })

  test('without one of its chunks', async () => {
    await rm(at('1.codes.npy'))
    await fails('segment-missing', /1\.codes\.npy/)
  })

  test('with a chunk beyond 2 GiB', async () => {
    await truncate(at('1.residuals.npy'), 2 ** 31 + 1)
    await fails('segment-too-large', /1\.residuals\.npy.*2 GiB/)
  })

  test('whose lengths do not add up', async () => {
    await changeJson('doclens.0.json', (lengths) => [...(lengths as unknown as number[]).slice(1), 99])
    await fails('segment-corrupt', /0\.codes\.npy.*shape/)
  })

  test('with lengths that are no numbers', async () => {
    await writeFile(at('doclens.0.json'), '[3, "4"]')
    await fails('index-invalid', /doclens\.0\.json.*\[1\].*integer/)
  })

  test('with metadata that is no JSON', async () => {
    await writeFile(at('metadata.json'), '{"nbits":')
    await fails('index-invalid', /metadata\.json.*JSON/)
  })

  test('without a number of chunks', async () => {
    await changeJson('metadata.json', ({ num_chunks: _, ...rest }) => rest)
    await fails('index-invalid', /num_chunks/)
  })

  test.each([8, 3, null])('with residuals of %s bits', async (nbits) => {
    await changeJson('metadata.json', (metadata) => ({ ...metadata, nbits }))
    await fails('index-version', /4, 2 or 1 bits/)
  })

  test('whose buckets are of other bits', async () => {
    await changeJson('metadata.json', (metadata) => ({ ...metadata, nbits: 2 }))
    await fails('segment-corrupt', /bucket_cutoffs\.npy.*\(3\).*\(1\)/)
  })
})

describe('PyTorch files', () => {
  beforeEach(() => copy('stanford-2bit'))

  test('cut short', async () => {
    await change('0.residuals.pt', (bytes) => bytes.subarray(0, bytes.length - 30))
    await fails('segment-corrupt', /0\.residuals\.pt.*torch\.save/)
  })

  test('of PyTorch before 1.6', async () => {
    await writeFile(at('centroids.pt'), Buffer.from('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1'))
    await fails('segment-corrupt', /centroids\.pt.*1\.6/)
  })

  test('with fewer tensors than it should have', async () => {
    await rename(at('centroids.pt'), at('buckets.pt'))
    await cp('fixtures/plaid/stanford-2bit/centroids.pt', at('centroids.pt'))
    await fails('segment-corrupt', /buckets\.pt.*2 tensors.*1/)
  })

  const archive = (pickle: string | Buffer, entries: Record<string, Uint8Array> = {}, level: 0 | 9 = 0) =>
    writeFile(
      at('centroids.pt'),
      zipSync(
        { 'a/data.pkl': typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle, ...entries },
        { level },
      ),
    )
  const STORAGE =
    '((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ'
  const EMPTY = '\x89ccollections\nOrderedDict\n)RtR.'

  test.each([
    [
      'a system command',
      'cos\nsystem\n(X\x0b\x00\x00\x00touch /tmp/xtR.',
      /names os\.system, which is not run/,
    ],
    ['a call by stack', '\x80\x04\x8c\x02os\x8c\x06system\x93.', /os\.system/],
    ['a builtin', 'c__builtin__\neval\n(X\x01\x00\x00\x001tR.', /__builtin__\.eval/],
    ['the constructor of objects', 'cconstructor\nprototype\n)R.', /constructor\.prototype/],
    ['an instance', '(ios\nPopen\n.', /os\.Popen/],
    ['an extension', '\x82\x01.', /a pickle/],
    ['data elsewhere', 'X\x01\x00\x00\x00aQ.', /numbers of a tensor/],
    ['a stack that is empty', 'R.', /a pickle/],
    ['no end', '(((((', /a pickle/],
    ['a dictionary', '}.', /tensors/],
    ['a list with its own names', ']X\x09\x00\x00\x00__proto__a.', /tensors/],
    [
      'a tensor of too many numbers',
      `ctorch._utils\n_rebuild_tensor_v2\n${STORAGE}K\x00(K\x08K\x08t(K\x08K\x01t${EMPTY}`,
      /256 bytes.*16/,
    ],
    [
      'a tensor with strides',
      `ctorch._utils\n_rebuild_tensor_v2\n${STORAGE}K\x00(K\x02K\x02t(K\x01K\x02t${EMPTY}`,
      /strides of 1, 2/,
    ],
    [
      'a tensor that is changed',
      `ctorch._utils\n_rebuild_tensor_v2\n${STORAGE}K\x00(K\x02K\x02t(K\x02K\x01t\x89N tR}X\x05\x00\x00\x00shapeNsb.`.replace(
        'N tR',
        'NtR',
      ),
      /a pickle/,
    ],
  ])('whose pickle holds %s', async (_, pickle, message) => {
    await archive(pickle, { 'a/data/0': new Uint8Array(16) })
    await fails('segment-corrupt', message)
  })

  test('that are packed', async () => {
    await archive('}.'.padEnd(400, ' '), {}, 9)
    await fails('segment-corrupt', /not packed/)
  })
})

describe('ids in SQLite, as PyLate 1.4.0 keeps them,', () => {
  const hasSqlite = process.getBuiltinModule?.('node:sqlite') !== undefined
  beforeEach(async () => {
    await copy('pylate-4bit')
    await rm(at('plaid_ids_to_documents_ids.pkl'))
    await cp('fixtures/plaid/pylate-ids.sqlite', at('plaid_ids_to_documents_ids.sqlite'))
  })

  test.skipIf(!hasSqlite)(`are read${hasSqlite ? '' : ' (this Node has no SQLite)'}`, async () => {
    expect((await readPlaid(folder)).ids).toEqual((await readPlaid('fixtures/plaid/pylate-4bit')).ids)
    await writeFile(at('plaid_ids_to_documents_ids.sqlite'), 'no database '.repeat(20))
    await fails('segment-corrupt', /plaid_ids_to_documents_ids\.sqlite/)
  })

  test.skipIf(hasSqlite)('are asked for where Node has no SQLite', () => fails('bad-argument', /--ids/))

  test('do not matter when others are given', async () => {
    expect((await readPlaid(folder, { withIds: false })).ids).toBeUndefined()
  })
})

test('ids in a pickle that names a class are refused', async () => {
  await copy('pylate-4bit')
  await writeFile(at('plaid_ids_to_documents_ids.pkl'), 'cuuid\nUUID\n)R.')
  await fails('segment-corrupt', /plaid_ids_to_documents_ids\.pkl.*uuid\.UUID/)
})

test.each([
  ['next-plaid-1bit/0.codes.npy', parseNpy],
  ['stanford-2bit/1.codes.pt', parseTorch],
  ['stanford-2bit/buckets.pt', parseTorch],
  [
    'pylate-4bit/plaid_ids_to_documents_ids.pkl',
    (bytes: Uint8Array, name: string) => parseIdPickle(bytes, 30, name),
  ],
] as const)('whatever byte of %s is changed, it is read or refused', async (path, parse) => {
  const file = new Uint8Array(await readFile(`fixtures/plaid/${path}`))
  // The parser of pickles warns of long integers, which are refused anyway.
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  onTestFinished(() => warn.mockRestore())
  let refused = 0
  for (let at = 0; at < file.length; at++) {
    for (const bit of [1, 32, 128]) {
      const changed = file.slice()
      changed[at]! ^= bit
      try {
        parse(changed, path)
      } catch (error) {
        expect(isLateenError(error, 'segment-corrupt'), `${error}`).toBe(true)
        refused++
      }
    }
  }
  expect(refused).toBeGreaterThan(20)
})
