/**
 * Python's pickles. A pickle is a program: it can name any function and have it called. Here it can name only
 * what the caller lists, and those are functions of ours; anything else is refused by name.
 */
import { Parser } from 'pickleparser'
import { LateenError } from '../errors.ts'
import { damaged } from './tensor.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a pickle hands to a function is checked by that function
export type PickleFunction = (...args: any[]) => unknown

export interface PickleNames {
  /** Functions a pickle may call, by `module.name`. */
  readonly functions?: Readonly<Record<string, PickleFunction>>
  /** What stands for data outside the pickle. */
  readonly persistent?: (id: unknown) => unknown
}

/**
 * Reads one value. Dictionaries become maps; lists and tuples, arrays.
 *
 * @param name for messages
 * @throws LateenError `segment-corrupt`
 */
export function readPickle(
  bytes: Uint8Array,
  name: string,
  { functions = {}, persistent }: PickleNames = {},
): unknown {
  const refused = (what: string) => damaged(name, 'plain data', what)
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: {
      resolve(module, member) {
        const path = `${module}.${member}`
        if (Object.hasOwn(functions, path)) return functions[path]!
        throw refused(`a pickle that names ${path}, which is not run`)
      },
    },
    persistentResolver: {
      resolve(id) {
        if (persistent) return persistent(id)
        throw refused('a pickle that refers to data elsewhere')
      },
    },
  })
  try {
    return parser.parse(bytes)
  } catch (error) {
    if (error instanceof LateenError) throw error
    throw damaged(name, 'a pickle', String(error), error)
  }
}
