import type { Command } from 'commander'
import { type ErrorCode, LateenError } from '../errors.ts'
import type { Dtype } from '../model/dtype.ts'
import { type Hit, openSearch } from '../node.ts'
import type { Explanation, HitData, SearchMode } from '../types.ts'
import { dtypeOption, jsonOption, modelOption, modeOption, wholeNumber } from './arguments.ts'
import { bold, createOutput, printable } from './output.ts'

interface Options {
  readonly limit: number
  readonly mode: SearchMode
  readonly model?: string
  readonly dtype?: Dtype
  readonly explain?: boolean
  readonly json?: boolean
}

interface ShownHit extends HitData {
  readonly explanation?: Explanation
}

export function addSearchCommand(program: Command, signal: AbortSignal): void {
  program
    .command('search')
    .description('Search an index folder')
    .argument('<index>', 'folder written by lateen index')
    .argument('<query>', 'what to look for')
    .option('-k, --limit <n>', 'number of hits at most, 1 to 1000', wholeNumber(1, 1000), 10)
    .addOption(modeOption())
    .addOption(modelOption('default: the one beside the index, else the bundled lateen-mini'))
    .addOption(dtypeOption())
    .option('--explain', 'what every word of the query matched')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json: {"query", "mode", "timings", "hits": [{"id", "passage", "url", "title", "headings", "score",
"legs", "excerpt", "explanation"?}]}. Times are milliseconds; the first query loads the model.

Examples:
  $ lateen search public/search "how do I cancel a request"
  $ lateen search public/search AbortController --mode lexical -k 3
  $ lateen search public/search "stop a download" --explain --json`,
    )
    .action(async (index: string, query: string, options: Options) => {
      const output = createOutput(options)
      const { mode, limit, model, dtype, explain } = options
      const search = await openSearch({
        index,
        ...(model === undefined ? {} : { model }),
        ...(dtype === undefined ? {} : { dtype }),
        signal,
        onProgress: output.onProgress,
      })
      try {
        const { hits, timings, degraded } = await search.query(query, { mode, limit, signal })
        // A page shows the keyword hits then; a script must not take them for the answer it asked for.
        if (degraded) throw new LateenError(degraded.code as ErrorCode, degraded.message)
        const shown = await Promise.all(hits.map((hit) => show(hit, explain ?? false, signal)))
        output.result({ query, mode, timings, hits: shown }, () => listing(query, shown))
      } finally {
        await search.close()
      }
    })
}

async function show(hit: Hit, explain: boolean, signal: AbortSignal): Promise<ShownHit> {
  const { explain: explained, data: _data, ...data } = hit
  return explain ? { ...data, explanation: await explained({ signal }) } : data
}

function listing(query: string, hits: readonly ShownHit[]): string {
  if (hits.length === 0) return `Nothing found for "${printable(query)}".`
  return hits
    .map((hit, i) => {
      const place = [hit.title || hit.id, ...hit.headings].map(printable).join(' › ')
      const excerpt = hit.excerpt
        .map(({ text, marked }) => (marked ? bold(printable(text)) : printable(text)))
        .join('')
      return [
        `${String(i + 1).padStart(2)}. ${bold(place)}`,
        `    ${printable(hit.id)}  ${printable(hit.url)}  ${hit.score.toFixed(4)}  ${hit.legs.join(' + ')}`,
        `    ${excerpt}`,
        ...(hit.explanation ? [explanationLines(hit.explanation)] : []),
      ].join('\n')
    })
    .join('\n\n')
}

function explanationLines({ queryTokens }: Explanation): string {
  return queryTokens
    .map(({ token, similarity, share, matches }) => {
      const words = [...new Set(matches.map((match) => match.token))].join(' ')
      return `      ${printable(token).padEnd(16)} ${similarity.toFixed(2)}  ${`${Math.round(share * 100)} %`.padStart(5)}  ${printable(words)}`
    })
    .join('\n')
}
