/** Code that is fetched when it is first needed. */
import { LateenError } from '../errors.ts'

/**
 * @param load a dynamic import, as a literal that bundlers can see
 * @throws LateenError `network` when the script cannot be fetched
 */
export async function loadCode<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new LateenError(
      'network',
      `A script of Lateen could not be loaded (${cause instanceof Error ? cause.message : String(cause)}). Check the connection, and reload the page: it may be older than what is deployed now.`,
      { cause },
    )
  }
}
