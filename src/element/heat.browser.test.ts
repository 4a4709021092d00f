import { expect, test } from 'vitest'
import type { Explanation, PassageTokenHeat } from '../types.ts'
import { heatLevel, heatRuns, heatScale, MAX_LEVEL, queryChips } from './heat.ts'

const query = 'abort fetching'
const text = 'Cancel a running request.\n\nIt stops.'

function token(word: string, similarities: readonly number[]): PassageTokenHeat {
  const start = text.indexOf(word)
  return { token: word.toLowerCase(), field: 'text', span: { start, end: start + word.length }, similarities }
}

const explanation: Explanation = {
  id: 'a',
  passage: 0,
  score: 1.9,
  title: 'Requests',
  heading: '',
  text,
  queryTokens: [
    { token: '[Q]', similarity: 0.4, share: 0.2, matches: [] },
    {
      token: 'abort',
      span: { start: 0, end: 5 },
      similarity: 0.9,
      share: 0.5,
      matches: [{ token: 'cancel', index: 1, field: 'text', span: { start: 0, end: 6 } }],
    },
    { token: 'fetch', span: { start: 6, end: 11 }, similarity: 0.6, share: 0.2, matches: [] },
    {
      token: '##ing',
      span: { start: 11, end: 14 },
      similarity: 0.5,
      share: 0.1,
      matches: [{ token: 'run', index: 2, field: 'text', span: { start: 9, end: 12 } }],
    },
  ],
  tokens: [
    { token: '[D]', similarities: [0.9, 0.1, 0.1, 0.1] },
    token('Cancel', [0.2, 0.9, 0.3, 0.2]),
    token('run', [0.2, 0.3, 0.2, 0.5]),
    token('request', [0.3, 0.2, 0.6, 0.2]),
    token('stops', [0.2, 0.7, 0.2, 0.2]),
  ],
}

test('runs of a field join up to its text', () => {
  for (const field of ['title', 'heading', 'text'] as const) {
    const runs = heatRuns(explanation, field, [])
    expect(runs.map((run) => run.text).join('')).toBe(explanation[field])
  }
})

test('the closest word is hottest, and the background is cold', () => {
  const runs = heatRuns(explanation, 'text', [])
  const hottest = runs.toSorted((a, b) => b.level - a.level)[0]!
  expect(hottest).toMatchObject({ text: 'Cancel', level: MAX_LEVEL, similarity: 0.9 })
  expect(runs.filter((run) => run.level > 0).map((run) => run.text)).toEqual(['Cancel'])
})

test('markers give no heat unless they are chosen', () => {
  const marker: Explanation = {
    ...explanation,
    tokens: [token('Cancel', [0.99, 0.1, 0.1, 0.1]), token('request', [0.1, 0.1, 0.7, 0.1])],
  }
  const level = (rows: number[]) => heatRuns(marker, 'text', rows).find((run) => run.text === 'Cancel')!.level
  expect(heatScale(marker).high).toBe(0.7)
  expect(level([])).toBe(0)
  expect(level([0])).toBe(MAX_LEVEL)
})

test('a best match that is no better than the background is marked only when its word is chosen', () => {
  const marked = (rows: number[]) =>
    heatRuns(explanation, 'text', rows)
      .filter((run) => run.matched)
      .map((run) => run.text)
  expect(marked([])).toEqual(['Cancel'])
  expect(marked([3])).toEqual(['run'])
})

test('a selected query token gives its own heat on the same scale, and its match is marked', () => {
  const runs = heatRuns(explanation, 'text', [3])
  const marked = runs.filter((run) => run.matched)
  expect(marked.map((run) => run.text)).toEqual(['run'])
  expect(marked[0]!.level).toBe(heatLevel(0.5, heatScale(explanation)))
  expect(runs.find((run) => run.text === 'Cancel')!.level).toBe(0)
})

test('overlapping and stray spans are skipped, never repeated or invented', () => {
  const odd: Explanation = {
    ...explanation,
    tokens: [
      ...explanation.tokens,
      { token: 'x', field: 'text', span: { start: 2, end: 5 }, similarities: [1, 1, 1, 1] },
      { token: 'x', field: 'text', span: { start: 30, end: 999 }, similarities: [1, 1, 1, 1] },
    ],
  }
  expect(
    heatRuns(odd, 'text', [])
      .map((run) => run.text)
      .join(''),
  ).toBe(text)
})

test('chips show the query as it was written, pieces as pieces, and markers as one', () => {
  const chips = queryChips(explanation, query, 'markers')
  expect(chips.map((chip) => chip.label)).toEqual(['abort', 'fetch', '…ing', 'markers'])
  expect(chips.at(-1)).toMatchObject({ special: true, rows: [0], share: 0.2 })
  expect(chips.reduce((sum, chip) => sum + chip.share, 0)).toBeCloseTo(1)
})

test('a match is told as the whole word around it', () => {
  expect(queryChips(explanation, query, 'markers').map((chip) => chip.matches)).toEqual([
    ['Cancel'],
    [],
    ['running'],
    [],
  ])
})

test('an explanation without vectors has runs and chips', () => {
  const bare: Explanation = { ...explanation, tokens: [], queryTokens: [] }
  expect(heatRuns(bare, 'text', [])).toEqual([{ text, level: 0, matched: false }])
  expect(queryChips(bare, query, 'markers')).toEqual([])
})
