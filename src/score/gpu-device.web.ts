import { LateenError } from '../errors.ts'

export interface GpuDevice {
  readonly device: GPUDevice
  /** The adapter's own description, for people. */
  readonly adapter: string
  /** True for an adapter that runs on the CPU; WASM is much faster than that. */
  readonly isFallbackAdapter: boolean
}

/** Limits worth raising to what the adapter has: sizes of segments and of the encoder's tensors. */
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[]

/**
 * The features asked for when the adapter has them. Subgroups are left out on purpose: with them
 * ONNX Runtime picks an attention kernel that is silently wrong on some adapters.
 */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'timestamp-query']

/**
 * One device for encoder and scorer.
 *
 * @param gpu `navigator.gpu`, where there is one
 * @throws LateenError `gpu-unavailable`
 */
export async function requestGpuDevice(gpu: GPU | undefined): Promise<GpuDevice> {
  if (!gpu) throw unavailable('Expected WebGPU, found none in this browser.')
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (!adapter) throw unavailable('Expected a GPU adapter, found none that WebGPU may use.')
    const device = await adapter.requestDevice({
      label: 'lateen',
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]])),
    })
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info
    return {
      device,
      adapter: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter',
      isFallbackAdapter,
    }
  } catch (error) {
    if (error instanceof LateenError) throw error
    throw unavailable('Expected a GPU device, and the adapter gave none.', error)
  }
}

function unavailable(message: string, cause?: unknown): LateenError {
  return new LateenError('gpu-unavailable', `${message} The WASM backend is used without one.`, { cause })
}
