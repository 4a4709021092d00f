/** The GPU device that encoder and scorer share. */
import { LateenError } from '../errors.ts'

export interface Gpu {
  readonly device: GPUDevice
  /** What the adapter says of itself. */
  readonly description: string
  /** True for adapters that compute on the CPU. */
  readonly isSoftware: boolean
}

/** Limits a large segment or batch may need; the adapter's own are asked for. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
] as const

/**
 * Asks for a device without subgroups: ONNX Runtime's attention with them is silently wrong on some
 * adapters.
 *
 * @throws LateenError `gpu-unavailable`
 */
export async function openGpu(): Promise<Gpu> {
  if (!('gpu' in navigator)) throw unavailable('this browser has no WebGPU')
  try {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (!adapter) throw unavailable('no adapter was given')
    const device = await adapter.requestDevice({
      label: 'lateen',
      requiredFeatures: adapter.features.has('shader-f16') ? ['shader-f16'] : [],
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    })
    return { device, ...describeAdapter(adapter.info) }
  } catch (error) {
    if (error instanceof LateenError) throw error
    throw unavailable(error instanceof Error ? error.message : String(error), error)
  }
}

/** A device that the caller opened. */
export function sharedGpu(device: GPUDevice): Gpu {
  return { device, ...describeAdapter(device.adapterInfo) }
}

/** Older browsers leave some of it out, or all. */
function describeAdapter(info: Partial<GPUAdapterInfo> | undefined): Omit<Gpu, 'device'> {
  const words = [info?.vendor, info?.architecture, info?.description].filter(Boolean)
  return { description: words.join(' ') || 'unknown adapter', isSoftware: info?.isFallbackAdapter === true }
}

function unavailable(reason: string, cause?: unknown): LateenError {
  return new LateenError('gpu-unavailable', `The GPU cannot be used: ${reason}.`, { cause })
}
