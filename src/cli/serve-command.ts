import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Command } from 'commander'
import { LateenError } from '../errors.ts'
import { jsonOption, wholeNumber } from './arguments.ts'
import { createOutput } from './output.ts'
import { staticServer } from './static-server.ts'

interface ServeOptions {
  readonly port: number
  /** Path, or address, under which the folder is served. @default '/' */
  readonly base?: string
}

export function addServeCommand(program: Command, signal: AbortSignal): void {
  program
    .command('serve')
    .description('Serve a folder the way a plain static host would, until Ctrl-C')
    .argument('<dir>', 'folder to serve')
    .option('--port <n>', 'port to listen on; 0 picks a free one', wholeNumber(0, 65_535), 8080)
    .option('--base <path>', 'path to serve it under, as a host with several sites does', '/')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ lateen serve dist/site
  $ lateen serve public --base /docs/
  $ lateen serve public --port 0 --json`,
    )
    .action(async (dir: string, options: ServeOptions & { readonly json?: boolean }) => {
      await serveFolder(dir, options, signal, (url) =>
        createOutput(options).result({ dir, url }, () => `${dir} at ${url}`),
      )
    })
}

/**
 * Serves until the signal fires.
 *
 * @param onReady told the address when it answers
 */
export async function serveFolder(
  dir: string,
  { port, base = '/' }: ServeOptions,
  signal: AbortSignal,
  onReady: (url: string) => void,
): Promise<void> {
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
    throw new LateenError('bad-argument', `Expected a folder to serve, found none at ${dir}.`)
  }
  const path = pathOfBase(base)
  const server = staticServer(dir, path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new LateenError('bad-argument', `Port ${port} cannot be used: ${cause.message}.`, {
          cause,
        }),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  onReady(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  if (!signal.aborted) await once(signal, 'abort')
  server.closeAllConnections()
  server.close()
}

/** The path of a base, with a slash at both ends. */
function pathOfBase(base: string): string {
  if (!/^(\/(?!\/)|https?:\/\/)/.test(base) || !URL.canParse(base, 'http://host')) {
    throw new LateenError(
      'bad-argument',
      `Expected base as a path that begins with "/" or an http(s) address, found "${base}".`,
    )
  }
  return `${new URL(base, 'http://host').pathname.replace(/\/*$/, '')}/`
}
