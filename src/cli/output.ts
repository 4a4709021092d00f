/** What a command prints: results on standard output, everything else on standard error. */
import { styleText } from 'node:util'
import type { LateenError } from '../errors.ts'
import type { OnProgress } from '../types.ts'
import { progressDisplay, type Shown, titled } from './progress.ts'

export interface Output {
  /** The result: one JSON object with `--json`, the text otherwise. Called once. */
  result(value: object, text: () => string): void
  /** Shows progress until something is printed. */
  readonly onProgress: OnProgress
  showProgress(progress: Shown): void
}

/** There is one terminal, and one thing to show on it. */
const progress = progressDisplay(process.stderr)

export function createOutput({ json }: { readonly json?: boolean }): Output {
  return {
    result(value, text) {
      progress.end()
      process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`)
    },
    onProgress: (report) => progress.show(titled(report)),
    showProgress: progress.show,
  }
}

/** Prints what went not as it should and did no harm. */
export function warn(message: string): void {
  progress.end()
  process.stderr.write(`lateen: warning: ${printable(message)}\n`)
}

/** Prints a failure: one line on standard error, and with `--json` the same as an object on standard output. */
export function printFailure({ code, message }: LateenError, json: boolean): void {
  progress.end()
  process.stderr.write(`lateen: ${code}: ${printable(message)}\n`)
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
}

/** Bold on a terminal, plain elsewhere. */
export function bold(text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText('bold', text) : text
}

/** Text of a document without control characters: it must not be able to steer the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '').replace(/\s+/g, ' ')
}

/** Bytes as people read them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Rows with their columns aligned: the first one to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))))
    .map((cells) => `  ${cells.join('  ')}`)
    .join('\n')
}
