/**
 * One committed index per released format version, and the page that explains its bytes.
 * `UPDATE_FIXTURES=1 npx vitest run --project node src/segment/fixtures.test.ts` writes both again:
 * only ever for a version that has not been released.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openParts } from '../store/open-parts.ts'
import { bytesSource, verifySource } from '../store/source.ts'
import type { OpenableFile } from '../store/store.ts'
import { filesOf, parseManifest, serializeManifest } from './manifest.ts'
import { openTextSegment, openVectorSegment, readVectors } from './read.ts'
import { fixtureIndex, residualCodec } from './samples.test-suite.ts'

const folder = new URL('../../fixtures/segments/v1/', import.meta.url)
const page = new URL('../../docs/format.md', import.meta.url)
const { manifest, segment, files } = fixtureIndex()
const written = new Map([['manifest.json', new TextEncoder().encode(serializeManifest(manifest))], ...files])

/** As `hexdump -C` without the text column: 16 bytes a line, runs of zero lines as `*`. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const line = `${at.toString(16).padStart(4, '0')}  ${row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`
    if (row.some((byte) => byte !== 0)) lines.push(line)
    else if (lines.at(-1) !== '*') lines.push('*')
  }
  return lines.join('\n')
}

const example = (['vectorFile', 'textFile'] as const)
  .map((key) => `\`${segment.reference[key].file}\`\n\n\`\`\`\n${hexDump(segment[key])}\n\`\`\`\n`)
  .join('\n')

if (process.env['UPDATE_FIXTURES']) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of written) writeFileSync(new URL(name, folder), bytes)
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, text.replace(/(<!-- example -->\n)[\s\S]*(<!-- \/example -->)/, `$1\n${example}\n$2`))
}

test('the writer still produces the committed index of version 1, byte for byte', () => {
  expect(readdirSync(folder).sort()).toEqual([...written.keys()].sort())
  for (const [name, bytes] of written) {
    expect(new Uint8Array(readFileSync(new URL(name, folder))), name).toEqual(bytes)
  }
})

test('the committed index of version 1 opens, and says what it said when it was written', async () => {
  const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
  const open = (file: OpenableFile) => openParts(file, async ({ file }) => bytesSource(read(file)))
  const manifest = parseManifest(read('manifest.json'))
  for (const file of filesOf(manifest)) await verifySource(await open(file), file)
  const [reference] = manifest.segments
  expect(reference!.textFile.parts!.length).toBe(2)
  const vectors = await openVectorSegment(
    await open(reference!.vectorFile),
    residualCodec(),
    manifest,
    reference!,
  )
  expect([...(await vectors.readOffsets())]).toEqual([0, 2, 4, 5])
  expect(Buffer.from((await readVectors(vectors, 4, 5)).codes).toString('hex')).toBe('4227c384')
  const text = await openTextSegment(await open(reference!.textFile), manifest, reference!)
  expect(text.documents.map(({ id, numPassages }) => [id, numPassages])).toEqual([
    ['guide', 2],
    ['notes', 1],
  ])
  expect(await text.readPassage(2)).toEqual({
    documentId: 'notes',
    ordinal: 0,
    title: 'Title of notes',
    headings: [],
    url: '/notes#0',
    text: 'fetch 👩‍🚀 ε delta ε gamma ε 👩‍🚀',
    metadata: { lang: 'en', rank: 7, draft: false, tags: ['alpha', 'alpha'] },
  })
  expect(await text.readPassage(0)).toMatchObject({ details: { image: '/guide.png' } })
  expect((await text.readPassage(1)).weight).toBe(0.5)
})

test('the worked example of the specification shows the committed bytes', () => {
  expect(readFileSync(page, 'utf8')).toContain(example)
})
