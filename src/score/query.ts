/** What every scorer checks before a kernel sees a query. */
import type { GpuTokenMatrix } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'

export function isOnGpu(query: TokenMatrix | GpuTokenMatrix): query is GpuTokenMatrix {
  return 'buffer' in query
}

/**
 * A query in memory whose vectors have `dim` finite components.
 *
 * @throws LateenError `bad-argument`
 */
export function assertInMemory(query: TokenMatrix | GpuTokenMatrix): asserts query is TokenMatrix {
  if (isOnGpu(query)) {
    throw new LateenError(
      'bad-argument',
      'Expected query vectors in memory, found vectors on a GPU; read() them first.',
    )
  }
}

/** @throws LateenError `bad-argument` */
export function assertQuery(query: TokenMatrix | GpuTokenMatrix, dim: number): void {
  if (query.dim !== dim) {
    throw new LateenError('bad-argument', `Expected query vectors of ${dim} dimensions, found ${query.dim}.`)
  }
  if (isOnGpu(query)) return
  if (query.data.length !== query.numTokens * dim) {
    throw new LateenError(
      'bad-argument',
      `Expected ${query.numTokens} × ${dim} query components, found ${query.data.length}.`,
    )
  }
  const at = query.data.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) throw notFinite(`${query.data[at]} at token ${Math.floor(at / dim)}`)
}

export function notFinite(found: string): LateenError {
  return new LateenError(
    'bad-argument',
    `Expected finite query vectors, found ${found}; the encoder that made them is not to be trusted.`,
  )
}

/** @throws LateenError `bad-argument` */
export function assertPassages(passages: Uint32Array, numPassages: number): void {
  const at = passages.findIndex((passage) => passage >= numPassages)
  if (at >= 0) {
    throw new LateenError(
      'bad-argument',
      `Expected passage numbers below ${numPassages}, found ${passages[at]}.`,
    )
  }
}
