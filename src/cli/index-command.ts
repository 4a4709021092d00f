import type { Command } from 'commander'
import type { Bits } from '../build/codec.ts'
import type { WrittenIndex } from '../build/write-index.ts'
import { LateenError } from '../errors.ts'
import { writeIndex } from '../node.ts'
import { bitsOption, jsonOption, modelOption, poolFactorOption } from './arguments.ts'
import { createOutput, formatBytes, plural, printable, table } from './output.ts'
import { EXTENSIONS, readDocuments } from './read-documents.ts'

interface Options {
  readonly out: string
  readonly model?: string
  readonly poolFactor: number
  readonly bits: Bits
  readonly json?: boolean
}

export function addIndexCommand(program: Command, signal: AbortSignal): void {
  program
    .command('index')
    .description('Write an index of files and folders that any static host can serve')
    .argument('<paths...>', 'folders and files to read')
    .requiredOption('--out <dir>', 'folder to write; an index that is there is replaced')
    .addOption(modelOption())
    .addOption(poolFactorOption())
    .addOption(bitsOption([4, 2, 1]))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Reads ${EXTENSIONS.join(' ')}; skips dot folders and node_modules. The id of a document is
its path, its URL the same path (a page index.html leads to its folder). A line of a .jsonl file is
{"_id", "text", "title"?, "url"?, "format"?, "metadata"?}.

Examples:
  $ lateen index docs --out public/search
  $ lateen index dist --out dist/search --bits 2
  $ lateen index notes.jsonl --out notes-index --json`,
    )
    .action(async (paths: string[], options: Options) => {
      const output = createOutput(options)
      const startMs = performance.now()
      const read = await readDocuments(paths, { signal })
      if (read.documents.length === 0) {
        const unreadable =
          read.skipped.length > 0 ? ` but ${plural(read.skipped.length, 'unreadable file')}` : ''
        throw new LateenError(
          'bad-document',
          `Expected ${EXTENSIONS.join(', ')} files in ${paths.join(', ')}, found none${unreadable}.`,
        )
      }
      const { out, model, bits, poolFactor } = options
      const written = await writeIndex({
        out,
        documents: read.documents,
        ...(model === undefined ? {} : { model }),
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
    })
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
