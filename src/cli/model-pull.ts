/** `lateen model pull`: a model of a Hub onto this machine, with what is needed to run it and nothing else. */
import type { Command } from 'commander'
import { LateenError } from '../errors.ts'
import { formatHubAddress } from '../model/address.ts'
import { readModelBundle } from '../model/bundle.ts'
import type { Dtype } from '../model/dtype.ts'
import { type NodeSource, nodeModelSource } from '../model/source.node.ts'
import type { HubListing } from '../model/source-hub.ts'
import { type FileSize, filesIn } from '../model/store.node.ts'
import { rungsFor } from '../model/weights.ts'
import { readModelFiles } from '../search/model-files.ts'
import { dtypeOption, jsonOption } from './arguments.ts'
import { createOutput, formatBytes, type Output, warn } from './output.ts'

interface Options {
  readonly dtype?: Dtype
  readonly json?: boolean
}

interface Pulled {
  readonly address: string
  readonly revision: string
  readonly commit: string
  readonly folder: string
  readonly dtypes: readonly string[]
  readonly files: readonly FileSize[]
  readonly bytes: number
}

export function addPullCommand(model: Command, signal: AbortSignal): void {
  model
    .command('pull')
    .description('Store a model of a Hub on this machine')
    .argument('<id>', 'hub:owner/name[@revision], or owner/name[@revision]')
    .addOption(dtypeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Files come with their SHA-256 compared; what was interrupted goes on where it stopped. Without --dtype the
weights come that this machine would load first; lateen index fetches those that browsers load as well. Nothing
else is asked of the network afterwards when the revision is a commit; a branch is looked up anew, and used as it
was stored where that fails.

With --json: {"address", "revision", "commit", "folder", "dtypes", "files": [{path, bytes}], "bytes"}.

Examples:
  $ lateen model pull hub:owner/name
  $ lateen model pull owner/name@v1.0 --dtype q8
  $ HF_TOKEN=… lateen model pull owner/gated-name --json`,
    )
    .action(async (id: string, { dtype = 'auto', ...options }: Options) => {
      const output = createOutput(options)
      const source = await nodeModelSource(id, { signal, onFallback: ({ message }) => warn(message) })
      const pulled = await pull(id, source, dtype, output, signal)
      output.result(pulled, () => text(pulled))
    })
}

async function pull(
  id: string,
  source: NodeSource,
  dtype: Dtype,
  { onProgress, showProgress }: Output,
  signal: AbortSignal,
): Promise<Pulled> {
  const { listing, folder } = source
  if (!listing || !folder) {
    throw new LateenError(
      'bad-argument',
      `Expected a model of a Hub as hub:owner/name, found ${id}, which is none.`,
    )
  }
  const bundle = await readModelBundle(source, { signal, onProgress })
  await readModelFiles((path) => bundle.readFile(path, signal), bundle.spec)
  const weights = rungsFor(bundle.spec, 'node', dtype).slice(0, 1)
  const wanted = weights.flatMap(({ path, external = [] }) => [path, ...external])
  await fetchAll(wanted, { listing, fetch: source.fetch!, showProgress, signal })
  await source.complete()
  const files = await filesIn(folder)
  return {
    address: formatHubAddress({ id: listing.id, revision: listing.commit }),
    revision: listing.revision,
    commit: listing.commit,
    folder,
    dtypes: weights.map((one) => one.dtype),
    files,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
  }
}

interface FetchAll extends Pick<Output, 'showProgress'> {
  readonly listing: HubListing
  readonly fetch: NonNullable<NodeSource['fetch']>
  readonly signal: AbortSignal
}

async function fetchAll(
  paths: readonly string[],
  { listing, fetch, showProgress, signal }: FetchAll,
): Promise<void> {
  const bytesOf = (path: string) => listing.files[path]?.bytes ?? 0
  const total = paths.reduce((sum, path) => sum + bytesOf(path), 0)
  let before = 0
  for (const path of paths) {
    const title = `Fetching ${path}`
    const onBytes = (count: number) => showProgress({ title, done: before + count, total, unit: 'bytes' })
    await fetch(path, { signal, onBytes })
    before += bytesOf(path)
  }
}

function text({ address, folder, dtypes, files, bytes }: Pulled): string {
  return `${address} (${dtypes.join(', ')}): ${files.length} files, ${formatBytes(bytes)}\n${folder}`
}
