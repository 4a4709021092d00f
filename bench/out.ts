/** Results on disk: one JSON file per benchmark, which docs/benchmarks.md is made of. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'

const FOLDER = 'bench/out'

/** The stored result of a benchmark; undefined when there is none. */
export async function readResult<T>(name: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(`${FOLDER}/${name}.json`, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces a result in one step: an interrupted run leaves the one before. */
export async function writeResult(name: string, result: object): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  await writeFile(`${FOLDER}/${name}.json.tmp`, `${JSON.stringify(result, undefined, 1)}\n`)
  await rename(`${FOLDER}/${name}.json.tmp`, `${FOLDER}/${name}.json`)
}
