/** Picks the scorer once, by what is there and by whether it computes right. */
import { asLateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { assertKnownAnswer } from './known-answer.ts'
import { referenceScorer } from './reference.ts'
import type { Scorer } from './scorer.ts'
import { wasmScorer } from './wasm.ts'
import { webgpuScorer } from './webgpu.web.ts'

export interface ChooseScorerOptions {
  /** 'webgpu' reports a missing device as a fallback, 'wasm' leaves a device unused. */
  readonly prefer: 'auto' | 'webgpu' | 'wasm'
  /** From `requestGpuDevice`; the encoder's own device, so that queries can stay on it. */
  readonly device?: GPUDevice
}

/** WebGPU on the given device, else WASM, else the reference. Never fails. */
export async function chooseScorer({ prefer, device }: ChooseScorerOptions): Promise<{
  readonly scorer: Scorer
  /** What was tried and dropped, and why. */
  readonly fallbacks: readonly Fallback[]
}> {
  const fallbacks: Fallback[] = []
  const drop = (from: string, error: unknown) => {
    const { code, message } = asLateenError(error)
    fallbacks.push({ from, code, message })
  }
  if (device && prefer !== 'wasm') {
    try {
      return { scorer: await trusted(await webgpuScorer(device)), fallbacks }
    } catch (error) {
      drop('webgpu', error)
    }
  } else if (prefer === 'webgpu') {
    fallbacks.push({
      from: 'webgpu',
      code: 'gpu-unavailable',
      message: 'There is no GPU device to score on.',
    })
  }
  try {
    return { scorer: await wasmScorer(), fallbacks }
  } catch (error) {
    drop('wasm', error)
    return { scorer: referenceScorer(), fallbacks }
  }
}

async function trusted(scorer: Scorer): Promise<Scorer> {
  try {
    await assertKnownAnswer(scorer)
    return scorer
  } catch (error) {
    scorer.dispose()
    throw error
  }
}
