/** The labelled queries of fixtures/questions, and which half of them may be looked at. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Grades } from '../../src/eval/metrics.ts'
import { sha256Hex } from '../../src/util/hash.ts'

const FOLDER = 'fixtures/questions'

export type Kind = 'question' | 'identifier'
/** Queries for tuning may be looked at one by one; of the others only averages are. */
export type Half = 'tuning' | 'judged'

export interface Question {
  readonly id: string
  readonly kind: Kind
  readonly half: Half
  readonly text: string
  /** Pages that answer, by path below the site; all count the same. */
  readonly grades: Grades
}

interface Line {
  readonly id: string
  readonly kind: Kind
  readonly text: string
  readonly pages: readonly string[]
}

/**
 * @param name a file of fixtures/questions
 * @param folder of the site: a page that is not there is an error, another version of the site was labelled
 */
export async function readQuestions(name: string, folder: string): Promise<Question[]> {
  const lines = JSON.parse(await readFile(`${FOLDER}/${name}.json`, 'utf8')) as Line[]
  const questions = lines.map(({ id, kind, text, pages }) => ({
    id,
    kind,
    half: halfOf(id),
    text,
    grades: new Map(pages.map((page) => [page.replace(/#.*/s, ''), 1])),
  }))
  for (const { id, grades } of questions) {
    for (const page of grades.keys()) {
      if (!existsSync(join(folder, page))) throw new Error(`${id}: ${page} is not a page of ${folder}.`)
    }
  }
  return questions
}

export function halfOf(id: string): Half {
  const digit = sha256Hex(new TextEncoder().encode(id)).charAt(0)
  return Number.parseInt(digit, 16) < 8 ? 'tuning' : 'judged'
}
