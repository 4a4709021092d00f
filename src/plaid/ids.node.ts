/** Ids of passages: PyLate numbers passages and keeps its users' ids beside the index, in a pickle or in SQLite. */
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LateenError } from '../errors.ts'
import { idsOf, parseIdPickle } from './ids.ts'
import { readPickle } from './pickle.ts'

const NAME = 'plaid_ids_to_documents_ids'

/**
 * @param folder PyLate's own
 * @returns undefined when there are none
 * @throws LateenError `segment-corrupt`; `bad-argument` for a database in a Node that has no SQLite
 */
export async function readIds(
  folder: string,
  numPassages: number,
): Promise<readonly (string | undefined)[] | undefined> {
  const pickle = join(folder, `${NAME}.pkl`)
  if (await exists(pickle)) {
    return parseIdPickle(new Uint8Array(await readFile(pickle)), numPassages, `${NAME}.pkl`)
  }
  const database = join(folder, `${NAME}.sqlite`)
  return (await exists(database)) ? readDatabase(database, numPassages) : undefined
}

/** What is used of `node:sqlite`, which Node has from 22.5 on. */
interface Sqlite {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean },
  ) => { prepare(sql: string): { all(): { key: unknown; value: unknown }[] }; close(): void }
}

/** A table with a row for each passage: its number as text, its id as a pickle. */
async function readDatabase(path: string, numPassages: number): Promise<readonly (string | undefined)[]> {
  const name = `${NAME}.sqlite`
  const { DatabaseSync } = await loadSqlite(name)
  const database = openOrRefuse(() => new DatabaseSync(path, { readOnly: true }))
  try {
    const rows = openOrRefuse(() => database.prepare('SELECT key, value FROM unnamed').all())
    const entries = rows.map(({ key, value }): [unknown, unknown] => [
      Number(key),
      value instanceof Uint8Array ? readPickle(value, name) : value,
    ])
    return idsOf(entries, numPassages, name)
  } finally {
    database.close()
  }

  function openOrRefuse<T>(open: () => T): T {
    try {
      return open()
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new LateenError(
        'segment-corrupt',
        `Expected the ids of an index of PyLate in ${name}, found what SQLite refuses: ${reason}. Copy it again, or name the ids with --ids.`,
        { cause },
      )
    }
  }
}

async function loadSqlite(name: string): Promise<Sqlite> {
  const builtin = process.getBuiltinModule as ((module: string) => unknown) | undefined
  const sqlite = builtin?.('node:sqlite') as Sqlite | undefined
  if (sqlite) return sqlite
  throw new LateenError(
    'bad-argument',
    `PyLate keeps the ids of this index in ${name}, and Node ${process.versions.node} has no SQLite. Use Node 22.5 or newer, or name the ids of the passages in order with --ids (in Node: ids).`,
  )
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
