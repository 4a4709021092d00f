/** Which document belongs to which passage of a PLAID index. */
import { LateenError } from '../errors.ts'
import type { DocumentInput } from '../types.ts'
import type { PlaidIndex } from './plaid.ts'

export interface Named {
  readonly documents?: readonly DocumentInput[]
  readonly ids?: readonly string[]
}

/**
 * @returns a document for every passage that is kept, by its number, ascending. Passages without an id were
 *          removed from the index; without documents there are ids with an empty text.
 * @throws LateenError `bad-argument`, `duplicate-id`
 */
export function matchDocuments(
  index: Pick<PlaidIndex, 'doclens' | 'ids'>,
  { documents, ids: given }: Named,
): Map<number, DocumentInput> {
  const numPassages = index.doclens.length
  if (given && given.length !== numPassages) throw wrongCount('ids', given.length, numPassages)
  const ids = given ?? index.ids
  if (!ids && documents && documents.length !== numPassages) {
    throw wrongCount('documents', documents.length, numPassages)
  }
  const byId = new Map<string, DocumentInput>()
  for (const document of documents ?? []) {
    if (byId.has(document.id)) throw repeated(document.id, 'documents')
    byId.set(document.id, document)
  }
  const matched = new Map<number, DocumentInput>()
  const seen = new Set<string>()
  for (let passage = 0; passage < numPassages; passage++) {
    const id = ids ? ids[passage] : (documents?.[passage]?.id ?? `${passage}`)
    if (id === undefined) continue
    if (seen.has(id)) throw repeated(id, 'passages')
    seen.add(id)
    const document = byId.get(id)
    if (documents && !document) {
      throw new LateenError(
        'bad-argument',
        `Expected a document for every passage, found none with the id "${id}" of passage ${passage}.`,
      )
    }
    matched.set(passage, document ?? { id, text: '' })
  }
  return matched
}

function repeated(id: string, what: string): LateenError {
  return new LateenError(
    'duplicate-id',
    `The id "${id}" is given to several ${what}; ids are unique within an index.`,
  )
}

function wrongCount(what: string, found: number, expected: number): LateenError {
  return new LateenError(
    'bad-argument',
    `Expected ${expected} ${what}, one for each passage of the PLAID index in its order, found ${found}.`,
  )
}
