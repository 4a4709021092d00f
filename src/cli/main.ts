/** The command line: reads arguments, runs one command, and turns failures into one line and an exit code. */
import { Command, CommanderError } from 'commander'
import { asLateenError, LateenError } from '../errors.ts'
import { VERSION } from '../version.ts'
import { addEvalCommand } from './eval-command.ts'
import { addImportCommand } from './import-command.ts'
import { addIndexCommand } from './index-command.ts'
import { addInspectCommand } from './inspect-command.ts'
import { addModelCommand } from './model-command.ts'
import { printFailure } from './output.ts'
import { addSearchCommand } from './search-command.ts'
import { addServeCommand } from './serve-command.ts'

const FAILED = 1
/** What shells report of a program ended by Ctrl-C. */
const INTERRUPTED = 130

async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController()
  process.on('SIGINT', () => {
    // A second Ctrl-C does not wait for a clean end.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED)
    interrupt.abort()
  })
  // The reader of a pipe may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  })
  try {
    await createProgram(interrupt.signal).parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    // Help has been printed where an explanation was due.
    if (error instanceof CommanderError && error.code === 'commander.help') return FAILED
    const failure = asFailure(error)
    printFailure(failure, args.includes('--json'))
    return failure.code === 'aborted' ? INTERRUPTED : FAILED
  }
}

function createProgram(signal: AbortSignal): Command {
  const program = new Command('lateen')
    .description('Late-interaction search in the browser: write, search, measure and check its indexes.')
    .version(VERSION)
    .exitOverride()
    // Failures of every kind are printed in one place and one form.
    .configureOutput({ outputError: () => {} })
    .addHelpText(
      'after',
      `
Examples:
  $ lateen index docs --out public/search
  $ lateen search public/search "how do I cancel a request"
  $ lateen help index`,
    )
  addIndexCommand(program, signal)
  addImportCommand(program, signal)
  addSearchCommand(program, signal)
  addInspectCommand(program, signal)
  addServeCommand(program, signal)
  addModelCommand(program, signal)
  addEvalCommand(program, signal)
  return program
}

function asFailure(error: unknown): LateenError {
  if (!(error instanceof CommanderError)) return asLateenError(error)
  const message = error.message.replace(/^error: /, '').replace(/\s+/g, ' ')
  return new LateenError('bad-argument', `${message.replace(/([^.?)])$/, '$1.')} See lateen --help.`)
}

const code = await main(process.argv.slice(2))
// Handles of the runtime may be open; what was printed must still arrive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
