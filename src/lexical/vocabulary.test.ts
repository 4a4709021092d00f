import { expect, test } from 'vitest'
import { createVocabulary } from './vocabulary.ts'

function vocabularyOf(words: readonly (readonly [surface: string, term: string, occurrences?: number])[]) {
  const vocabulary = createVocabulary()
  for (const [surface, term, occurrences] of words) {
    vocabulary.add(surface, term)
    vocabulary.count(term, occurrences)
  }
  return vocabulary
}

test('occurrences add up over the spellings of a term', () => {
  const vocabulary = vocabularyOf([
    ['cancel', 'cancel'],
    ['cancelling', 'cancel'],
    ['cancelling', 'cancel'],
  ])
  expect(vocabulary.occurrences('cancel')).toBe(3)
  expect(vocabulary.occurrences('constructor')).toBe(0)
})

test('completions are one per term, the commonest first, without the word itself', () => {
  const vocabulary = vocabularyOf([
    ['can', 'can', 50],
    ['cancel', 'cancel', 2],
    ['cancelling', 'cancel', 2],
    ['canvas', 'canva', 9],
    ['dance', 'danc', 99],
  ])
  expect(vocabulary.completions('can', 10)).toEqual([
    { term: 'canva', distance: 2 },
    { term: 'cancel', distance: 3 },
  ])
  expect(vocabulary.completions('can', 1)).toHaveLength(1)
})

test('corrections are those with the fewest edits', () => {
  const vocabulary = vocabularyOf([
    ['middleware', 'middlewar'],
    ['middlemen', 'middlemen'],
  ])
  expect(vocabulary.corrections('middlewear', 2, 5)).toEqual([{ term: 'middlewar', distance: 1 }])
  expect(vocabulary.corrections('entirely', 2, 5)).toEqual([])
})

test('a word that is a term stands for itself, though it is also a spelling of another one', () => {
  for (const order of [1, -1]) {
    const words = [
      ['news', 'new'],
      ['newses', 'news'],
    ] as const
    const vocabulary = vocabularyOf(order > 0 ? words : words.toReversed())
    expect(vocabulary.completions('new', 5).map(({ term }) => term)).toEqual(['news'])
  }
})
