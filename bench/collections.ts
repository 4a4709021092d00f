/** What the benchmarks measure on: test collections where they are at hand, else made-up documents. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCollection } from '../src/cli/eval-command.ts'
import type { Collection } from '../src/eval/beir.ts'
import { seededRandom } from '../src/util/random.ts'

/** Folder of collections in the layout of BEIR. */
const FOLDER = process.env['LATEEN_COLLECTIONS'] ?? '../shared/collections'

/** The collections that quality is measured on. */
export const COLLECTIONS: readonly string[] = ['cranfield', 'cisi', 'docs-headings']

export interface NamedCollection {
  readonly name: string
  readonly collection: Collection
}

/** The named collections that are at hand. */
export async function findCollections(names: readonly string[]): Promise<NamedCollection[]> {
  const found = names.filter((name) => existsSync(join(FOLDER, name, 'corpus.jsonl')))
  return Promise.all(
    found.map(async (name) => ({ name, collection: await readCollection(join(FOLDER, name)) })),
  )
}

/** A collection to measure speed on. Synthetic text is as fast as any, and says nothing about quality. */
export async function speedCollection(): Promise<NamedCollection> {
  const [real] = await findCollections(['docs-headings'])
  return real ?? { name: 'synthetic (seeded)', collection: syntheticCollection(4000, 200) }
}

function syntheticCollection(documents: number, queries: number): Collection {
  const random = seededRandom(7)
  const words = (count: number) =>
    Array.from({ length: count }, () => WORDS[Math.floor(random() ** 2 * WORDS.length)]!).join(' ')
  const corpus = Array.from({ length: documents }, (_, i) => ({
    id: `d${i}`,
    title: words(3),
    text: words(20 + Math.floor(random() * 120)),
    url: '',
  }))
  return {
    corpus,
    queries: Array.from({ length: queries }, (_, i) => ({ id: `q${i}`, text: words(6) })),
    qrels: new Map(Array.from({ length: queries }, (_, i) => [`q${i}`, new Map([[`d${i}`, 1]])])),
  }
}

const WORDS =
  `the to a of and in is for it with on that this you can be as are from by at or an not if when use
  file value name set new type default server request option return time data list function user key
  error path string build run code page version number example command table object field change state
  memory thread process network address token header message method class module test cluster node
  service container volume image update delete create read write open close start stop wait cancel
  retry limit size count index search query result sort filter group join split merge copy move link
  install configure deploy monitor debug trace log event queue lock cache buffer stream socket port
  window button menu color font layout grid margin river mountain engine pressure wing boat moon water
  energy light sound wave metal glass stone paper garden market history language music number theory`
    .trim()
    .split(/\s+/)
