/** Options of `lateen index` for the search of a whole site. */
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Bits } from '../build/codec.ts'
import type { Dtype } from '../model/dtype.ts'
import type { SiteBuildOptions } from '../site/build-site.node.ts'
import { repeated, wholeNumber } from './arguments.ts'

/** As commander hands them over. */
export interface SiteFlags {
  readonly outputSubdir: string
  readonly outputPath?: string
  readonly rootSelector?: string
  readonly excludeSelectors?: readonly string[]
  readonly glob?: readonly string[]
  readonly forceLanguage?: string
  readonly keepIndexUrl?: boolean
  readonly cleanUrls?: boolean
  readonly base?: string
  readonly threads?: number
  readonly cache?: string | false
  readonly runtime: boolean
  readonly serve?: boolean
  readonly port: number
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly model?: string
  readonly dim?: number
  readonly dtype?: Dtype
  readonly bits?: Bits
  readonly poolFactor?: number
  readonly json?: boolean
}

const MAX_THREADS = 64

/** What only a site has. */
export function siteOptions(): Option[] {
  return [
    new Option('--output-subdir <name>', 'folder of the index below the site').default('lateen'),
    new Option('--output-path <dir>', 'folder of the index, wherever it is'),
    new Option('--base <path>', 'path or address the site is served under, where the index is not below it'),
    new Option('--root-selector <css>', 'elements to read (default: the main content of a page)'),
    new Option('--exclude-selectors <css>', 'elements to leave out; may be given several times').argParser(
      repeated,
    ),
    new Option(
      '--glob <pattern>',
      'files to read; may be given several times (default: **/*.{html,htm})',
    ).argParser(repeated),
    new Option('--force-language <tag>', 'language of all pages, whatever they say'),
    new Option('--keep-index-url', 'keep index.html in addresses'),
    new Option('--clean-urls', 'leave .html out of addresses'),
    new Option(
      '--threads <n>',
      'threads that encode; 0 for none beside this one (default: one for each core, at most 8)',
    ).argParser(wholeNumber(0, MAX_THREADS)),
    new Option('--cache <dir>', 'where vectors of earlier builds are kept (default: with the project)'),
    new Option('--no-cache', 'encode everything anew and keep nothing'),
    new Option('--no-runtime', 'write the index alone, without scripts and model'),
    new Option('--serve', 'serve the site afterwards, until Ctrl-C'),
    new Option('--port <n>', 'port for --serve; 0 picks a free one')
      .argParser(wholeNumber(0, 65_535))
      .default(8080),
    new Option('--verbose', 'say of every page what became of it'),
    new Option('--quiet', 'print nothing when all goes well'),
  ]
}

/** Names of the options that mean nothing for documents. */
export function siteOptionsGiven(command: Command): string[] {
  const names = new Set(siteOptions().map((option) => option.attributeName()))
  return ['site', ...names].filter((name) => command.getOptionValueSource(name) === 'cli')
}

export function buildOptions(site: string, flags: SiteFlags): SiteBuildOptions & { readonly site: string } {
  const { outputPath, outputSubdir, model, dtype, dim, bits, poolFactor, threads, cache, runtime, glob } =
    flags
  const { base, rootSelector, excludeSelectors, forceLanguage, keepIndexUrl, cleanUrls } = flags
  return {
    site,
    out: outputPath === undefined ? join(site, outputSubdir) : resolve(outputPath),
    runtime,
    ...given({ model, dtype, dim, bits, poolFactor, threads, cache, glob }),
    ...given({ base, rootSelector, excludeSelectors, forceLanguage, keepIndexUrl, cleanUrls }),
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the options that were left open. */
function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>
}
