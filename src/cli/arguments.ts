/** Options that several commands share, checked while the command line is read. */
import { InvalidArgumentError, Option } from 'commander'
import { BITS } from '../build/codec.ts'
import { DTYPES } from '../model/dtype.ts'
import { DEFAULT_INDEX } from '../search/engine.ts'
import type { SearchMode } from '../types.ts'

export const MAX_POOL_FACTOR = 32
const MODES: readonly SearchMode[] = ['hybrid', 'semantic', 'lexical']

/** Reads a whole number of `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }
}

/** Reads one of a few values. */
export function oneOf<T extends string | number>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => String(value) === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`Expected one of ${values.join(', ')}.`)
  }
}

/** Gathers the values of an option that may be given several times. */
export function repeated(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text]
}

export const jsonOption = () =>
  new Option('--json', 'print one JSON object on standard output; errors too, as {"error": {code, message}}')

export const modelOption = (defaults = 'default: the bundled lateen-mini') =>
  new Option('--model <dir-or-id>', `folder of a model, or hub:owner/name[@revision] (${defaults})`)

export const dtypeOption = () =>
  new Option(
    '--dtype <type>',
    `weights to load: ${DTYPES.join(', ')} (default: auto, which tries all until one gives the known vectors)`,
  ).argParser(oneOf(DTYPES))

export const dimOption = () =>
  new Option(
    '--dim <n>',
    'leading components of the vectors that are kept, for models trained to allow it (default: all)',
  ).argParser(wholeNumber(1, 65_535))

export const modeOption = () =>
  new Option('--mode <mode>', 'what answers: hybrid, semantic or lexical')
    .argParser(oneOf(MODES))
    .default('hybrid')

/** @param defaults what is said of the default, where it depends on other options */
export const poolFactorOption = (defaults?: string) => {
  const option = new Option(
    '--pool-factor <n>',
    `document tokens per stored vector, 1 to ${MAX_POOL_FACTOR}${defaults ? ` (${defaults})` : ''}`,
  ).argParser(wholeNumber(1, MAX_POOL_FACTOR))
  return defaults ? option : option.default(DEFAULT_INDEX.poolFactor)
}

/** @param defaults as of `poolFactorOption` */
export const bitsOption = (defaults?: string) => {
  const option = new Option(
    '--bits <n>',
    `bits per dimension of a stored vector: ${BITS.join(', ')}${defaults ? ` (${defaults})` : ''}`,
  ).argParser(oneOf(BITS))
  return defaults ? option : option.default(DEFAULT_INDEX.bits)
}
