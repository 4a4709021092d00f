/** Options from elsewhere than the command line: the environment first, then a file of the project. */
import { readFile } from 'node:fs/promises'
import type { Command, Option } from 'commander'
import { InvalidArgumentError } from 'commander'
import { LateenError } from '../errors.ts'
import { repeated } from './arguments.ts'

export const CONFIG_FILE = 'lateen.config.json'
const PREFIX = 'LATEEN_'

/**
 * Sets the options of a command that the command line left open: `--pool-factor` from `LATEEN_POOL_FACTOR`,
 * else from `poolFactor` in `lateen.config.json` of the working directory.
 *
 * @throws LateenError `bad-argument` naming the variable or the key
 */
export async function applySettings(command: Command, environment = process.env): Promise<void> {
  const config = await readConfig()
  const known = new Set(command.options.map((option) => option.attributeName()))
  const unknown = Object.keys(config).filter((key) => !known.has(key))
  if (unknown.length > 0) {
    throw new LateenError(
      'bad-argument',
      `${CONFIG_FILE} has ${unknown.join(', ')}; expected some of ${[...known].sort().join(', ')}.`,
    )
  }
  for (const option of command.options) {
    const key = option.attributeName()
    if (command.getOptionValueSource(key) === 'cli') continue
    const name = PREFIX + option.long!.slice(2).replaceAll('-', '_').toUpperCase()
    const variable = environment[name]
    if (variable !== undefined && variable !== '') {
      const value = parsed(command, option, fromText(variable), name)
      command.setOptionValueWithSource(key, option.negate ? !value : value, 'env')
    } else if (Object.hasOwn(config, key) && command.getOptionValueSource(key) !== 'env') {
      // Of --cache and --no-cache the first one knows what a value may be.
      if (option.negate && command.options.some((other) => !other.negate && other.attributeName() === key))
        continue
      const value = parsed(command, option, config[key], `${key} in ${CONFIG_FILE}`)
      command.setOptionValueWithSource(key, value, 'config')
    }
  }
}

async function readConfig(): Promise<Record<string, unknown>> {
  let text: string
  try {
    text = await readFile(CONFIG_FILE, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new LateenError('bad-argument', `${CONFIG_FILE} cannot be read: ${String(error)}.`, {
      cause: error,
    })
  }
  try {
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
      return config as Record<string, unknown>
    }
  } catch (cause) {
    throw new LateenError('bad-argument', `${CONFIG_FILE} is not JSON: ${(cause as Error).message}.`, {
      cause,
    })
  }
  throw new LateenError('bad-argument', `Expected an object in ${CONFIG_FILE}, found ${text.slice(0, 40)}.`)
}

/** The environment knows only text. */
function fromText(text: string): unknown {
  if (/^(true|yes|on)$/i.test(text)) return true
  return /^(false|no|off)$/i.test(text) ? false : text
}

/** The value as the command line would have it. */
function parsed(command: Command, option: Option, value: unknown, place: string): unknown {
  const refuse = (expected: string) => {
    throw new LateenError('bad-argument', `Expected ${place} as ${expected}, found ${JSON.stringify(value)}.`)
  }
  if (option.isBoolean() || option.negate) {
    if (value === true || value === '1') return true
    if (value === false || value === '0') return false
    refuse('true or false')
  }
  const canBeOff = command.options.some(
    (other) => other.negate && other.attributeName() === option.attributeName(),
  )
  if (value === false && canBeOff) return false
  const isList = option.parseArg === repeated
  if (isList && Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  if (typeof value !== 'string' && typeof value !== 'number')
    refuse(isList ? 'text or a list of texts' : 'text')
  try {
    return option.parseArg ? option.parseArg(String(value), undefined) : String(value)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new LateenError('bad-argument', `${place} cannot be ${JSON.stringify(value)}. ${error.message}`, {
      cause: error,
    })
  }
}
