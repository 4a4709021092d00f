/** Turns untrusted JSON values into typed ones, or says where and how they differ. */

/** Throws the error that suits the file being read. */
export type Refuse = (path: string, expected: string, found: string) => never

/** Returns `value` as T or refuses it. */
export type Check<T> = (value: unknown, path: string, refuse: Refuse) => T

export const text: Check<string> = (value, path, refuse) =>
  typeof value === 'string' ? value : refuse(path, 'a string', shown(value))

/** An integer that a JSON number can carry exactly. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Check<number> {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `an integer of at least ${min}` : `an integer of ${min} to ${max}`
  return (value, path, refuse) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : refuse(path, expected, shown(value))
}

export function number(min: number, max: number): Check<number> {
  return (value, path, refuse) =>
    typeof value === 'number' && value >= min && value <= max
      ? value
      : refuse(path, `a number of ${min} to ${max}`, shown(value))
}

export function oneOf<T>(...values: readonly T[]): Check<T> {
  return (value, path, refuse) =>
    values.includes(value as T)
      ? (value as T)
      : refuse(path, `one of ${values.map((one) => JSON.stringify(one)).join(', ')}`, shown(value))
}

/** A SHA-256 as 64 lower-case hex digits. */
export const hash: Check<string> = (value, path, refuse) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    ? value
    : refuse(path, '64 lower-case hex digits', shown(value))

export function list<T>(item: Check<T>): Check<T[]> {
  return (value, path, refuse) =>
    Array.isArray(value)
      ? value.map((one, i) => item(one, `${path}[${i}]`, refuse))
      : refuse(path, 'a list', shown(value))
}

/** Marks a key of {@link object} that may be absent. */
export function optional<T>(check: Check<T>): Check<T> {
  return (value, path, refuse) => (value === undefined ? (undefined as T) : check(value, path, refuse))
}

/** An object with the keys of `shape`, in that order; others are left out. */
export function object<T extends object>(shape: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries(shape) as [string, Check<unknown>][]
  return (value, path, refuse) => {
    const source = record(value, path, refuse)
    const result: Record<string, unknown> = {}
    for (const [key, check] of checks) {
      const checked = check(source[key], path === '' ? key : `${path}.${key}`, refuse)
      if (checked !== undefined) result[key] = checked
    }
    return result as T
  }
}

/** An object with any keys, on a null prototype, so that no key can mean anything but itself. */
export function dictionary<T>(item: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value, path, refuse) => {
    const result: Record<string, T> = Object.create(null)
    for (const [key, one] of Object.entries(record(value, path, refuse))) {
      result[key] = item(one, `${path}[${JSON.stringify(key)}]`, refuse)
    }
    return result
  }
}

/** Parses UTF-8 JSON. */
export function parseJson(input: Uint8Array | string, refuse: Refuse): unknown {
  const start = typeof input === 'string' ? input.slice(0, 40) : String.fromCharCode(...input.subarray(0, 40))
  try {
    return JSON.parse(
      typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input),
    )
  } catch {
    return refuse('', 'JSON in UTF-8', `something that begins with ${JSON.stringify(start)}`)
  }
}

/** A short, safe description of any value for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const whole = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return whole.length > 80 ? `${whole.slice(0, 80)}…` : whole
}

const record: Check<Record<string, unknown>> = (value, path, refuse) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(path, 'an object', shown(value))
