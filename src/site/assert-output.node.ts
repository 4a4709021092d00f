/** Whether the search of a site may be written to a folder: asked before anything takes time. */
import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { assertReplaceable } from '../build/index-folder.node.ts'
import { LateenError } from '../errors.ts'

/**
 * @throws LateenError `bad-argument` when the folder holds other files or the site itself;
 *         `storage-unavailable` when it cannot be written
 */
export async function assertOutput(out: string, site: string | undefined): Promise<void> {
  const folder = resolve(out)
  if (site !== undefined && `${resolve(site)}${sep}`.startsWith(`${folder}${sep}`)) {
    throw new LateenError(
      'bad-argument',
      `Expected a folder for the index below or beside the site, found ${out}, which holds the site itself. Choose a folder of its own, such as ${site}/lateen.`,
    )
  }
  await assertReplaceable(folder)
  await assertWritable(folder)
}

async function assertWritable(folder: string): Promise<void> {
  let existing = folder
  while (existing !== dirname(existing) && !(await exists(existing))) existing = dirname(existing)
  try {
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is no folder`)
    await access(existing, constants.W_OK)
  } catch (cause) {
    throw new LateenError(
      'storage-unavailable',
      `The index cannot be written to ${folder}: ${cause instanceof Error ? cause.message : cause}. Check its path and its permissions.`,
      { cause },
    )
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
