/** "Why this result": the query as chips, the passage tinted by similarity, and the same as words and table. */
import type { Explanation, PassageField } from '../types.ts'
import { el } from './dom.ts'
import { type HeatRun, heatRuns, type QueryChip, queryChips } from './heat.ts'

const STRONGEST = 3

/** What a heat map says, in the language of its page. */
export interface HeatWords {
  readonly all: string
  readonly tokens: string
  readonly score: (score: number, tokens: number) => string
  readonly markers: string
  readonly special: string
  readonly strongest: string
  readonly pair: (query: string, passage: string, similarity: number, share: number) => string
  readonly ofTheScore: string
  readonly legendLow: string
  readonly legendHigh: string
  readonly legendMatch: string
  readonly similarity: (value: number) => string
  readonly table: string
  readonly columns: readonly string[]
  readonly noWord: string
  /** A similarity, with two decimals. */
  readonly number: (value: number) => string
  /** A share of the score, as percent. */
  readonly share: (value: number) => string
}

/**
 * @param query the text the explanation was made for
 * @param onSelect told which word of the passage answers the chosen word best, if one does
 */
export function heatMap(
  explanation: Explanation,
  query: string,
  words: HeatWords,
  onSelect: (match: HTMLElement | undefined) => void,
): HTMLElement {
  const chips = queryChips(explanation, query, words.markers)
  const spoken = chips.filter(({ special }) => !special)
  const largest = Math.max(...spoken.map(({ share }) => share), Number.MIN_VALUE)
  const passage = el('div', { class: 'heat-passage' })
  const buttons = [allChip(words), ...chips.map((chip) => chipButton(chip, largest, words))]
  const rowsOf: readonly (readonly number[])[] = [[], ...chips.map((chip) => chip.rows)]

  const select = (position: number) => {
    for (const [index, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(index === position))
    }
    passage.replaceChildren(...passageParts(explanation, rowsOf[position]!, words))
    onSelect(strongest(passage))
  }
  for (const [position, button] of buttons.entries()) button.addEventListener('click', () => select(position))
  select(0)

  return el(
    'div',
    { class: 'why' },
    el('p', { class: 'why-score' }, words.score(explanation.score, explanation.queryTokens.length)),
    el('div', { class: 'chips', role: 'group', 'aria-label': words.tokens }, ...buttons),
    legend(words),
    passage,
    summary(chips, words),
    table(chips, words),
  )
}

function allChip(words: HeatWords): HTMLButtonElement {
  return el('button', { type: 'button', class: 'chip' }, el('span', { class: 'chip-label' }, words.all))
}

/** @param largest the share that a full bar stands for */
function chipButton(chip: QueryChip, largest: number, words: HeatWords): HTMLButtonElement {
  const bar = el('span', { class: 'chip-bar', 'aria-hidden': 'true' })
  bar.style.setProperty('--share', String(Math.max(0, Math.min(1, chip.share / largest))))
  return el(
    'button',
    {
      type: 'button',
      class: chip.special ? 'chip chip-special' : 'chip',
      title: chip.special ? words.special : undefined,
    },
    el('bdi', { class: 'chip-label' }, chip.label),
    el('span', { class: 'chip-share' }, words.share(chip.share)),
    el('span', { class: 'visually-hidden' }, words.ofTheScore),
    bar,
  )
}

/** The hottest of the best matches. */
function strongest(passage: HTMLElement): HTMLElement | undefined {
  const matches = [...passage.querySelectorAll<HTMLElement>('.is-match')]
  const level = ({ dataset }: HTMLElement) => Number(dataset['level'])
  return matches.sort((a, b) => level(b) - level(a))[0]
}

function legend(words: HeatWords): HTMLElement {
  const bar = el('span', { class: 'legend-bar' })
  return el(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    el('span', { class: 'legend-scale' }, words.legendLow, bar, words.legendHigh),
    el('span', { class: 'legend-match' }, words.legendMatch),
  )
}

function passageParts(explanation: Explanation, rows: readonly number[], words: HeatWords): HTMLElement[] {
  const parts: HTMLElement[] = []
  const add = (field: PassageField, className: string) => {
    for (const paragraph of paragraphs(heatRuns(explanation, field, rows))) {
      parts.push(
        el('p', { class: className, dir: 'auto' }, ...paragraph.map((run) => runElement(run, words))),
      )
    }
  }
  add('title', 'heat-title')
  add('heading', 'heat-heading')
  add('text', 'heat-text')
  return parts
}

/** Cuts the runs at blank lines, which only stand between tokens. */
function paragraphs(runs: readonly HeatRun[]): HeatRun[][] {
  const cut: HeatRun[][] = [[]]
  for (const run of runs) {
    const [first, ...others] = run.similarity === undefined ? run.text.split(/\n\s*\n/) : [run.text]
    cut.at(-1)!.push({ ...run, text: first! })
    for (const text of others) cut.push([{ ...run, text }])
  }
  return cut.filter((paragraph) => paragraph.some((run) => run.text.trim() !== ''))
}

function runElement({ text, level, matched, similarity }: HeatRun, words: HeatWords): Node | string {
  if (similarity === undefined) return text
  const title = words.similarity(similarity)
  const className = `heat heat-${level}${matched ? ' is-match' : ''}`
  return el('span', { class: className, 'data-level': level, title }, text)
}

function summary(chips: readonly QueryChip[], words: HeatWords): HTMLElement {
  const pairs = chips
    .filter((chip) => chip.matches.length > 0 && !chip.special)
    .sort((a, b) => b.share - a.share)
    .slice(0, STRONGEST)
    .map(({ label, matches, similarity, share }) => words.pair(label, matches.join(', '), similarity, share))
  return el('p', { class: 'why-summary' }, pairs.length > 0 && `${words.strongest}${pairs.join('; ')}.`)
}

function table(chips: readonly QueryChip[], words: HeatWords): HTMLElement {
  const head = el('tr', {}, ...words.columns.map((column) => el('th', { scope: 'col' }, column)))
  const body = chips.map(({ label, special, matches, similarity, share }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, el('bdi', {}, special ? words.special : label)),
      el('td', {}, el('bdi', {}, matches.join(', ') || words.noWord)),
      el('td', { class: 'number' }, words.number(similarity)),
      el('td', { class: 'number' }, words.share(share)),
    ),
  )
  return el(
    'details',
    { class: 'why-table' },
    el('summary', {}, words.table),
    el('table', {}, el('thead', {}, head), el('tbody', {}, ...body)),
  )
}
