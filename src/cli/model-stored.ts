/** `lateen model list` and `remove`: the models of a Hub that are stored on this machine. */
import type { Command } from 'commander'
import { LateenError } from '../errors.ts'
import {
  bareHubAddress,
  formatHubAddress,
  type HubAddress,
  isCommit,
  parseModelAddress,
} from '../model/address.ts'
import { defaultStore, filesIn, listStored, removeStored, type StoredModel } from '../model/store.node.ts'
import { jsonOption } from './arguments.ts'
import { createOutput, formatBytes, plural, table } from './output.ts'

interface Options {
  readonly json?: boolean
}

interface Described {
  /** With the commit. */
  readonly address: string
  /** What it was asked for as: commit, branches, tags. */
  readonly revisions: readonly string[]
  readonly hub: string
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly stored_at: string
}

export function addListCommand(model: Command): void {
  model
    .command('list')
    .description('List the models that are stored on this machine')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json: {"store", "models": [{"address", "revisions", "hub", "folder", "files", "bytes", "stored_at"}]}.

Examples:
  $ lateen model list
  $ lateen model list --json`,
    )
    .action(async (options: Options) => {
      const store = defaultStore()
      const models = await Promise.all((await listStored(store)).map(describe))
      createOutput(options).result({ store, models }, () => listing(store, models))
    })
}

export function addRemoveCommand(model: Command): void {
  model
    .command('remove')
    .description('Remove a stored model: the revision that is named, else all of them')
    .argument('<id>', 'hub:owner/name[@revision], or owner/name[@revision]')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json: {"removed": [{"address", "revisions", "hub", "folder", "files", "bytes", "stored_at"}]}.

Examples:
  $ lateen model remove hub:owner/name
  $ lateen model remove owner/name@v1.0`,
    )
    .action(async (id: string, options: Options) => {
      const stored = await findAll(id)
      const removed = await Promise.all(stored.map(describe))
      for (const one of stored) await removeStored(one)
      createOutput(options).result({ removed }, () =>
        removed.map(({ address, bytes }) => `Removed ${address}, ${formatBytes(bytes)}`).join('\n'),
      )
    })
}

/** Shorter beginnings of a commit could be meant as anything. */
const SHORT_COMMIT = /^[0-9a-f]{7,40}$/

/** A revision is named as it was asked for, or by its commit. */
async function findAll(text: string): Promise<StoredModel[]> {
  const parsed = parseModelAddress(text)
  const address: HubAddress | undefined = parsed.kind === 'hub' ? parsed : bareHubAddress(text)
  if (!address) {
    throw new LateenError(
      'bad-argument',
      `Expected hub:owner/name or hub:owner/name@revision, found ${text}.`,
    )
  }
  const isAny = !text.includes('@')
  const stored = (await listStored(defaultStore())).filter(
    ({ manifest }) =>
      manifest.id === address.id &&
      (isAny ||
        manifest.revisions.includes(address.revision) ||
        (SHORT_COMMIT.test(address.revision) && manifest.commit.startsWith(address.revision))),
  )
  if (stored.length > 0) return stored
  throw new LateenError(
    'bad-argument',
    `${formatHubAddress(address)} is not stored in ${defaultStore()}. lateen model list names what is.`,
  )
}

async function describe({ manifest, folder }: StoredModel): Promise<Described> {
  const files = await filesIn(folder)
  return {
    address: formatHubAddress({ id: manifest.id, revision: manifest.commit }),
    revisions: manifest.revisions,
    hub: manifest.hub,
    folder,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    stored_at: manifest.storedAt,
  }
}

function listing(store: string, models: readonly Described[]): string {
  if (models.length === 0) return `No models in ${store}.`
  const rows = models.map(({ address, revisions, files, bytes, stored_at }) => [
    address.replace(/(@.{12}).*/, '$1'),
    revisions.filter((revision) => !isCommit(revision)).join(', '),
    plural(files, 'file'),
    formatBytes(bytes),
    stored_at.slice(0, 10),
  ])
  return `Models in ${store}:\n${table(rows)}`
}
