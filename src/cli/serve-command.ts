import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Command } from 'commander'
import { LateenError } from '../errors.ts'
import { jsonOption, wholeNumber } from './arguments.ts'
import { createOutput } from './output.ts'
import { staticServer } from './static-server.ts'

interface Options {
  readonly port: number
  readonly json?: boolean
}

export function addServeCommand(program: Command, signal: AbortSignal): void {
  program
    .command('serve')
    .description('Serve a folder the way a plain static host would, until Ctrl-C')
    .argument('<dir>', 'folder to serve')
    .option('--port <n>', 'port to listen on; 0 picks a free one', wholeNumber(0, 65_535), 8080)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ lateen serve dist/site
  $ lateen serve public --port 0 --json`,
    )
    .action(async (dir: string, options: Options) => {
      if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
        throw new LateenError('bad-argument', `Expected a folder to serve, found none at ${dir}.`)
      }
      const server = staticServer(dir)
      await new Promise<void>((resolve, reject) => {
        server.once('error', (cause) =>
          reject(
            new LateenError('bad-argument', `Port ${options.port} cannot be used: ${cause.message}.`, {
              cause,
            }),
          ),
        )
        server.listen(options.port, '127.0.0.1', resolve)
      })
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      createOutput(options).result({ dir, url }, () => `${dir} at ${url}`)
      if (!signal.aborted) await once(signal, 'abort')
      server.closeAllConnections()
      server.close()
    })
}
