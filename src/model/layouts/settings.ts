/** Typed access to the keys of a settings file. A key that is null counts as not set, as it does in Python. */
import { LateenError } from '../../errors.ts'
import type { Json } from '../layout.ts'

export interface Settings {
  /** All keys, as they stand. */
  readonly json: Json
  /** A whole number from 1. */
  count(key: string, fallback?: number): number
  boolean(key: string, fallback?: boolean): boolean
  string(key: string, fallback?: string): string
  strings(key: string, fallback?: readonly string[]): readonly string[]
  /** An object; empty when not set. */
  object(key: string): Json
  has(key: string): boolean
  /** The error for a file that says what cannot be. */
  invalid(what: string): LateenError
  /** The error for a file that says what is not implemented. */
  unsupported(what: string): LateenError
}

const isText = (value: unknown) => typeof value === 'string'

/** @throws LateenError `model-invalid` from its methods, naming file, key and what was found */
export function settingsOf(path: string, json: Json): Settings {
  const invalid = (what: string) =>
    new LateenError('model-invalid', `${path} ${what}. Copy the model again, or mend the file.`)
  function get<T>(key: string, what: string, fits: (value: unknown) => boolean, fallback?: T): T {
    const value = json[key] ?? fallback
    if (fits(value)) return value as T
    throw invalid(`should have ${what} as ${key}, found ${JSON.stringify(value)}`)
  }
  return {
    json,
    count: (key, fallback) =>
      get(key, 'a positive whole number', (v) => Number.isSafeInteger(v) && (v as number) > 0, fallback),
    boolean: (key, fallback) => get(key, 'true or false', (v) => typeof v === 'boolean', fallback),
    string: (key, fallback) => get(key, 'a string', isText, fallback),
    strings: (key, fallback) =>
      get(key, 'a list of strings', (v) => Array.isArray(v) && v.every(isText), fallback),
    object: (key) => get<Json>(key, 'an object', (v) => typeof v === 'object' && !Array.isArray(v), {}),
    has: (key) => (json[key] ?? undefined) !== undefined,
    invalid,
    unsupported: (what) => new LateenError('model-unsupported', `${path} ${what}.`),
  }
}
