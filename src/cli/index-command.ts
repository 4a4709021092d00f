import { stat } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { WrittenIndex } from '../build/write-index.ts'
import { LateenError } from '../errors.ts'
import { writeIndex } from '../node.ts'
import { DEFAULT_INDEX } from '../search/engine.ts'
import { SITE_INDEX } from '../site/build-site.node.ts'
import { bitsOption, dimOption, dtypeOption, jsonOption, modelOption, poolFactorOption } from './arguments.ts'
import { indexSite } from './index-site.ts'
import { createOutput, formatBytes, plural, printable, table } from './output.ts'
import { EXTENSIONS, readDocuments } from './read-documents.ts'
import { applySettings, CONFIG_FILE } from './settings.ts'
import { type SiteFlags, siteOptions, siteOptionsGiven } from './site-options.ts'

interface Options extends SiteFlags {
  readonly site?: string
  readonly out?: string
}

export function addIndexCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('index')
    .description('Make a built site searchable, or write an index of documents')
    .argument('[paths...]', 'the folder of a built site; with --out, folders and files to read')
    .addOption(new Option('--site <dir>', 'folder of a built site'))
    .addOption(
      new Option(
        '--out <dir>',
        'write an index of documents to this folder; an index that is there is replaced',
      ),
    )
    .addOption(modelOption())
    .addOption(dimOption())
    .addOption(dtypeOption())
    .addOption(bitsOption(defaultsOf('bits')))
    .addOption(poolFactorOption(defaultsOf('poolFactor')))
    .addOption(jsonOption())
  for (const option of siteOptions()) command.addOption(option)
  command
    .addHelpText(
      'after',
      `
A site: its HTML pages are read, and <site>/lateen gets the index, the scripts and the model. Vectors of
earlier builds are used again.
Documents, with --out: reads ${EXTENSIONS.join(' ')}; skips dot folders and node_modules. The id of a document is
its path, its URL the same path (a page index.html leads to its folder). A line of a .jsonl file is
{"_id", "text", "title"?, "url"?, "format"?, "metadata"?}.
Every option is read from the environment too, such as LATEEN_POOL_FACTOR, and from ${CONFIG_FILE} in the
working directory, as {"poolFactor": 2}.

Examples:
  $ lateen index dist
  $ lateen index public --exclude-selectors .sidebar --serve
  $ lateen index docs --out public/search
  $ lateen index notes.jsonl --out notes-index --json`,
    )
    .action(async (paths: string[]) => {
      await applySettings(command)
      const options = command.opts<Options>()
      // A site that the project file names gives way to what the command line names.
      const isAsked = paths.length === 0 || command.getOptionValueSource('site') === 'cli'
      const site = isAsked ? options.site : undefined
      if (options.out === undefined) await indexSite(await siteFolder(paths, site), options, signal)
      else await indexDocuments(paths, { ...options, out: options.out }, siteOptionsGiven(command), signal)
    })
}

function defaultsOf(key: 'bits' | 'poolFactor'): string {
  return `default: ${SITE_INDEX[key]} for a site, ${DEFAULT_INDEX[key]} for documents`
}

/** Fails with `bad-argument` unless one folder is named. */
async function siteFolder(paths: readonly string[], site: string | undefined): Promise<string> {
  const named = [...paths, ...(site === undefined ? [] : [site])]
  const [folder] = named
  if (named.length === 1 && (await stat(folder!).catch(() => undefined))?.isDirectory()) return folder!
  const found = named.length === 0 ? 'nothing' : named.join(', ')
  throw new LateenError(
    'bad-argument',
    `Expected the folder of a built site, found ${found}. Documents are indexed with --out <dir>.`,
  )
}

async function indexDocuments(
  paths: readonly string[],
  {
    out,
    model,
    dtype,
    dim,
    bits = DEFAULT_INDEX.bits,
    poolFactor = DEFAULT_INDEX.poolFactor,
    json = false,
  }: Options & { readonly out: string },
  misplaced: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (misplaced.length > 0) {
    throw new LateenError(
      'bad-argument',
      `Only the search of a site has ${misplaced.join(', ')}: leave that out, or leave out --out.`,
    )
  }
  if (paths.length === 0) {
    throw new LateenError('bad-argument', 'Expected folders and files to read, found none.')
  }
  const output = createOutput({ json })
  const startMs = performance.now()
  const read = await readDocuments(paths, { signal })
  if (read.documents.length === 0) {
    const unreadable = read.skipped.length > 0 ? ` but ${plural(read.skipped.length, 'unreadable file')}` : ''
    throw new LateenError(
      'bad-document',
      `Expected ${EXTENSIONS.join(', ')} files in ${paths.join(', ')}, found none${unreadable}.`,
    )
  }
  const written = await writeIndex({
    out,
    documents: read.documents,
    ...(model === undefined ? {} : { model }),
    ...(dim === undefined ? {} : { dim }),
    ...(dtype === undefined ? {} : { dtype }),
    bits,
    poolFactor,
    signal,
    onProgress: output.onProgress,
  })
  const skipped = [...read.skipped, ...written.skipped]
  const seconds = round((performance.now() - startMs) / 1000)
  const { documents, passages, vectors, bytes, manifest } = written
  output.result(
    {
      out,
      documents,
      passages,
      vectors,
      bytes,
      seconds,
      model: manifest.model.name,
      bits,
      pool_factor: poolFactor,
      skipped,
    },
    () => summary(out, written, skipped, seconds),
  )
}

function summary(
  out: string,
  { documents, passages, vectors, bytes }: WrittenIndex,
  skipped: WrittenIndex['skipped'],
  seconds: number,
): string {
  const kinds = Object.entries(bytes).filter(([, length]) => length > 0)
  return [
    `${out}: ${plural(documents, 'document')}, ${plural(passages, 'passage')}, ${plural(vectors, 'vector')} in ${seconds} s`,
    table(kinds.map(([kind, length]) => [kind, formatBytes(length)])),
    ...(skipped.length > 0 ? [`Skipped ${plural(skipped.length, 'document')}:`] : []),
    ...skipped.map(({ id, reason }) => `  ${printable(id)}: ${printable(reason)}`),
  ].join('\n')
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
