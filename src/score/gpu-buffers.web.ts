/** Buffers that are kept between queries, and errors that WebGPU reports beside the call that caused them. */
import { LateenError } from '../errors.ts'

/** The flags of the WebGPU specification, which TypeScript's worker library has no values for. */
export const GpuUsage = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const
export const MAP_MODE_READ = 1

/** Smallest buffer that can be bound and copied. */
const MIN_BYTES = 16

/** A buffer that only grows. What it held is lost when it grows. */
export interface GrowingBuffer {
  /** @throws LateenError `segment-too-large` beyond what a kernel can address */
  atLeast(bytes: number): GPUBuffer
  dispose(): void
}

export function growingBuffer(device: GPUDevice, label: string, usage: GPUBufferUsageFlags): GrowingBuffer {
  let buffer: GPUBuffer | undefined
  return {
    atLeast(bytes) {
      assertBindable(device, label, bytes)
      if (buffer && buffer.size >= bytes) return buffer
      buffer?.destroy()
      buffer = device.createBuffer({ label, usage, size: powerOfTwo(device, bytes) })
      return buffer
    },
    dispose: () => buffer?.destroy(),
  }
}

/** Buffers the CPU reads results from; one is in use per pending query. */
export interface ReadbackPool {
  take(bytes: number): GPUBuffer
  /** Only buffers that are not mapped. */
  giveBack(buffer: GPUBuffer): void
  /** For a buffer in an unknown state. */
  discard(buffer: GPUBuffer): void
  dispose(): void
}

export function readbackPool(device: GPUDevice): ReadbackPool {
  const all = new Set<GPUBuffer>()
  const free = new Set<GPUBuffer>()
  return {
    take(bytes) {
      for (const buffer of free) {
        if (buffer.size < bytes) continue
        free.delete(buffer)
        return buffer
      }
      const buffer = device.createBuffer({
        label: 'readback',
        usage: GpuUsage.MAP_READ | GpuUsage.COPY_DST,
        size: powerOfTwo(device, bytes),
      })
      all.add(buffer)
      return buffer
    },
    giveBack: (buffer) => free.add(buffer),
    discard(buffer) {
      all.delete(buffer)
      buffer.destroy()
    },
    dispose() {
      for (const buffer of all) buffer.destroy()
    },
  }
}

/** A buffer of exactly this content size. @throws LateenError `segment-too-large` */
export function storageBuffer(device: GPUDevice, label: string, bytes: number): GPUBuffer {
  assertBindable(device, label, bytes)
  const size = Math.max(MIN_BYTES, Math.ceil(bytes / 4) * 4)
  return device.createBuffer({ label, size, usage: GpuUsage.STORAGE | GpuUsage.COPY_DST })
}

/** Writes bytes at a multiple of four, padding their end with zeros to a whole word. */
export function writeBytes(device: GPUDevice, buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
  const whole = bytes.length & ~3
  device.queue.writeBuffer(buffer, offset, bytes as Uint8Array<ArrayBuffer>, 0, whole)
  if (whole === bytes.length) return
  const tail = new Uint8Array(4)
  tail.set(bytes.subarray(whole))
  device.queue.writeBuffer(buffer, offset + whole, tail)
}

/**
 * Runs WebGPU calls and waits for the errors they cause. `run` must not wait itself: scopes of
 * several callers would interleave.
 *
 * @throws LateenError `segment-too-large` when GPU memory runs out, `internal` on a validation error
 */
export async function checked<T>(device: GPUDevice, run: () => T): Promise<T> {
  device.pushErrorScope('out-of-memory')
  device.pushErrorScope('validation')
  let result: T
  let errors: Promise<GPUError | null>[] = []
  try {
    result = run()
  } finally {
    errors = [device.popErrorScope(), device.popErrorScope()]
  }
  const [invalid, outOfMemory] = await Promise.all(errors)
  if (outOfMemory) {
    throw new LateenError(
      'segment-too-large',
      `The GPU has no memory left: ${outOfMemory.message} Build the index with smaller segments or fewer bits.`,
    )
  }
  if (invalid) throw new LateenError('internal', `WebGPU refused a command: ${invalid.message}`)
  return result
}

function assertBindable(device: GPUDevice, label: string, bytes: number): void {
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  if (bytes <= limit) return
  throw new LateenError(
    'segment-too-large',
    `Expected at most ${limit} bytes of ${label}, which is what this GPU can bind, found ${bytes}; build the index with smaller segments or fewer bits.`,
  )
}

function powerOfTwo(device: GPUDevice, bytes: number): number {
  return Math.min(2 ** Math.ceil(Math.log2(Math.max(bytes, MIN_BYTES))), device.limits.maxBufferSize)
}
