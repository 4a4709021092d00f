/** "Why this result": the query as chips, the passage tinted by similarity, and the same as words and table. */
import type { Explanation, PassageField } from '../types.ts'
import { el } from './dom.ts'
import { type HeatRun, heatRuns, type QueryChip, queryChips } from './heat.ts'
import { formatShare, formatSimilarity, strings } from './strings.ts'

const STRONGEST = 3

/**
 * @param query the text the explanation was made for
 * @param onSelect told which word of the passage answers the chosen word best, if one does
 */
export function heatMap(
  explanation: Explanation,
  query: string,
  onSelect: (match: HTMLElement | undefined) => void,
): HTMLElement {
  const chips = queryChips(explanation, query)
  const words = chips.filter(({ special }) => !special)
  const largest = Math.max(...words.map(({ share }) => share), Number.MIN_VALUE)
  const passage = el('div', { class: 'heat-passage' })
  const buttons = [allChip(), ...chips.map((chip) => chipButton(chip, largest))]
  const rowsOf: readonly (readonly number[])[] = [[], ...chips.map((chip) => chip.rows)]

  const select = (position: number) => {
    for (const [index, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(index === position))
    }
    passage.replaceChildren(...passageParts(explanation, rowsOf[position]!))
    onSelect(strongest(passage))
  }
  for (const [position, button] of buttons.entries()) button.addEventListener('click', () => select(position))
  select(0)

  return el(
    'div',
    { class: 'why' },
    el('p', { class: 'why-score' }, strings.why.score(explanation.score, explanation.queryTokens.length)),
    el('div', { class: 'chips', role: 'group', 'aria-label': strings.why.tokens }, ...buttons),
    legend(),
    passage,
    summary(chips),
    table(chips),
  )
}

function allChip(): HTMLButtonElement {
  return el('button', { type: 'button', class: 'chip' }, el('span', { class: 'chip-label' }, strings.why.all))
}

/** @param largest the share that a full bar stands for */
function chipButton(chip: QueryChip, largest: number): HTMLButtonElement {
  const bar = el('span', { class: 'chip-bar', 'aria-hidden': 'true' })
  bar.style.setProperty('--share', String(Math.max(0, Math.min(1, chip.share / largest))))
  return el(
    'button',
    {
      type: 'button',
      class: chip.special ? 'chip chip-special' : 'chip',
      title: chip.special ? strings.why.special : undefined,
    },
    el('bdi', { class: 'chip-label' }, chip.label),
    el('span', { class: 'chip-share' }, formatShare(chip.share)),
    el('span', { class: 'visually-hidden' }, strings.why.ofTheScore),
    bar,
  )
}

/** The hottest of the best matches. */
function strongest(passage: HTMLElement): HTMLElement | undefined {
  const matches = [...passage.querySelectorAll<HTMLElement>('.is-match')]
  const level = ({ dataset }: HTMLElement) => Number(dataset['level'])
  return matches.sort((a, b) => level(b) - level(a))[0]
}

function legend(): HTMLElement {
  const bar = el('span', { class: 'legend-bar' })
  return el(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    el('span', { class: 'legend-scale' }, strings.why.legendLow, bar, strings.why.legendHigh),
    el('span', { class: 'legend-match' }, strings.why.legendMatch),
  )
}

function passageParts(explanation: Explanation, rows: readonly number[]): HTMLElement[] {
  const parts: HTMLElement[] = []
  const add = (field: PassageField, className: string) => {
    for (const paragraph of paragraphs(heatRuns(explanation, field, rows))) {
      parts.push(el('p', { class: className, dir: 'auto' }, ...paragraph.map(runElement)))
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

function runElement({ text, level, matched, similarity }: HeatRun): Node | string {
  if (similarity === undefined) return text
  const title = strings.why.similarity(similarity)
  const className = `heat heat-${level}${matched ? ' is-match' : ''}`
  return el('span', { class: className, 'data-level': level, title }, text)
}

function summary(chips: readonly QueryChip[]): HTMLElement {
  const pairs = chips
    .filter((chip) => chip.matches.length > 0 && !chip.special)
    .sort((a, b) => b.share - a.share)
    .slice(0, STRONGEST)
    .map(({ label, matches, similarity, share }) =>
      strings.why.pair(label, matches.join(', '), similarity, share),
    )
  return el('p', { class: 'why-summary' }, pairs.length > 0 && `${strings.why.strongest}${pairs.join('; ')}.`)
}

function table(chips: readonly QueryChip[]): HTMLElement {
  const head = el('tr', {}, ...strings.why.columns.map((column) => el('th', { scope: 'col' }, column)))
  const body = chips.map(({ label, special, matches, similarity, share }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, el('bdi', {}, special ? strings.why.special : label)),
      el('td', {}, el('bdi', {}, matches.join(', ') || strings.why.noWord)),
      el('td', { class: 'number' }, formatSimilarity(similarity)),
      el('td', { class: 'number' }, formatShare(share)),
    ),
  )
  return el(
    'details',
    { class: 'why-table' },
    el('summary', {}, strings.why.table),
    el('table', {}, el('thead', {}, head), el('tbody', {}, ...body)),
  )
}
