import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { LateenError } from '../errors.ts'
import { importPlaid, readPlaid } from '../node.ts'
import { parsePassageIds, parsePassageTexts } from '../plaid/passage-files.ts'
import { decodeText } from '../text/file.ts'
import type { DocumentInput } from '../types.ts'
import { dimOption, jsonOption } from './arguments.ts'
import { parseDocumentLines } from './document-lines.ts'
import { createOutput, formatBytes, plural, table } from './output.ts'

interface Options {
  readonly out: string
  readonly model: string
  readonly dim?: number
  readonly documents?: string
  readonly ids?: string
  readonly json?: boolean
}

export function addImportCommand(program: Command, signal: AbortSignal): void {
  program
    .command('import')
    .description('Make an index from one of PyLate, fast-plaid, next-plaid or Stanford ColBERT (PLAID)')
    .argument('<folder>', 'folder of the PLAID index')
    .requiredOption('--out <dir>', 'write the index to this folder; an index that is there is replaced')
    .addOption(
      new Option(
        '--model <dir-or-id>',
        'the model that made the vectors: folder, or hub:owner/name[@revision]',
      ).makeOptionMandatory(),
    )
    .addOption(dimOption())
    .option('--documents <file>', 'texts of the passages: .jsonl as for lateen index, or collection.tsv')
    .option('--ids <file>', 'ids of the passages in order, .json or .jsonl (default: those PyLate keeps)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Vectors are not encoded again: their codes are taken over, and every search scores all passages as exact PLAID
does. Where ids are known, texts are found by "_id"; else there is one text for each passage, in order.
Without --documents there are neither keywords nor excerpts, and hits have nothing but their ids.

With --json: out, documents, vectors, removed, layout, dim, bits, centroids, bytes, seconds, model.

Examples:
  $ lateen import indexes/my-index --model models/colbert --documents corpus.jsonl --out public/search
  $ lateen import experiments/notes/indexes/notes.2bits --model models/colbertv2 --documents collection.tsv --out notes`,
    )
    .action(async (folder: string, options: Options) => {
      const output = createOutput(options)
      const { out, model, dim: modelDim } = options
      const startMs = performance.now()
      const index = await readPlaid(folder, { withIds: options.ids === undefined })
      const documents = options.documents === undefined ? undefined : await readTexts(options.documents)
      const ids = options.ids === undefined ? undefined : await readIds(options.ids)
      const imported = await importPlaid({
        index,
        out,
        model,
        ...(modelDim === undefined ? {} : { dim: modelDim }),
        ...(documents ? { documents } : {}),
        ...(ids ? { ids } : {}),
        signal,
        onProgress: output.onProgress,
      })
      const seconds = Math.round(performance.now() - startMs) / 1000
      const { layout, dim, bits, numCentroids: centroids } = index
      const { vectors, removed, bytes, manifest } = imported
      const result = {
        out,
        documents: imported.documents,
        vectors,
        removed,
        layout,
        dim,
        bits,
        centroids,
        bytes,
        seconds,
      }
      output.result({ ...result, model: manifest.model.name }, () =>
        [
          `${out}: ${plural(result.documents, 'document')}, ${plural(vectors, 'vector')} of ${dim} × ${plural(bits, 'bit')}, ${plural(centroids, 'centroid')}, in ${seconds} s`,
          table(Object.entries(bytes).map(([kind, length]) => [kind, formatBytes(length)])),
          ...(removed > 0 ? [`Left out ${plural(removed, 'passage')} without an id.`] : []),
          ...(documents ? [] : ['Without --documents hits have nothing but their ids.']),
        ].join('\n'),
      )
    })
}

async function readTexts(path: string): Promise<DocumentInput[]> {
  const file = await readNamed(path)
  if (/\.tsv$/i.test(path)) return parsePassageTexts(file)
  return Array.from(parseDocumentLines(file), ({ document }) => document)
}

async function readIds(path: string): Promise<string[]> {
  return parsePassageIds(await readNamed(path))
}

async function readNamed(path: string): Promise<{ name: string; text: string }> {
  const name = basename(path)
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new LateenError('bad-argument', `Expected a file ${path}, cannot read it: ${cause.message}.`, {
      cause,
    })
  })
  return { name, text: decodeText(bytes, name) }
}
