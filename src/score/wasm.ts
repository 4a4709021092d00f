/** MaxSim in WebAssembly SIMD, on stored codes. */
import { LateenError } from '../errors.ts'
import { RELAXED_KERNEL, SIMD_KERNEL } from './kernels/generated.ts'
import { assertKnownAnswer } from './known-answer.ts'
import { assertInMemory, assertPassages, assertQuery } from './query.ts'
import { residents } from './residents.ts'
import type { Scorer } from './scorer.ts'
import { makeResident, type WasmResident } from './wasm-resident.ts'

export interface WasmScorerOptions {
  /** False: baseline SIMD only. @default true: relaxed SIMD where the engine has it and computes it right */
  readonly relaxed?: boolean
}

export interface WasmScorer extends Scorer {
  readonly kind: 'wasm'
  /** The instructions in use. */
  readonly simd: 'relaxed' | 'baseline'
}

/** @throws LateenError `internal` where WebAssembly or its SIMD is missing or forbidden */
export async function wasmScorer(options: WasmScorerOptions = {}): Promise<WasmScorer> {
  const relaxed = fromBase64(RELAXED_KERNEL)
  if (options.relaxed !== false && WebAssembly.validate(relaxed)) {
    const scorer = await scorerOf(relaxed, 'relaxed')
    // Engines that have the instructions behind a flag compute them wrongly; those scores are not wanted.
    if (await isRight(scorer)) return scorer
    scorer.dispose()
  }
  return scorerOf(fromBase64(SIMD_KERNEL), 'baseline')
}

async function isRight(scorer: Scorer): Promise<boolean> {
  return assertKnownAnswer(scorer).then(
    () => true,
    () => false,
  )
}

async function scorerOf(bytes: Uint8Array, simd: WasmScorer['simd']): Promise<WasmScorer> {
  const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
    throw new LateenError(
      'internal',
      'Expected WebAssembly with 128-bit SIMD, which is missing here or forbidden by the content security policy.',
      { cause: error },
    )
  })
  const held = residents<WasmResident>()
  return {
    kind: 'wasm',
    simd,
    async load(segment) {
      held.assertOpen()
      const resident = await makeResident(module, segment)
      return held.add(segment, resident.bytes, resident)
    },
    async score(query, loaded, passages) {
      const resident = held.get(loaded)
      assertInMemory(query)
      assertQuery(query, resident.dim)
      assertPassages(passages, loaded.numPassages)
      return resident.score(query, passages)
    },
    dispose: () => held.dispose(),
  }
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
