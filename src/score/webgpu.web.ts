/**
 * MaxSim in WebGPU, on stored codes with a float32 query. Kernels use uniforms only and are told
 * every length: buffers of an encoder on the same device are longer than what they hold.
 */
import type { GpuTokenMatrix } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { checked, GpuUsage, growingBuffer, MAP_MODE_READ, readbackPool } from './gpu-buffers.web.ts'
import { type GpuSegment, uploadSegment } from './gpu-segment.web.ts'
import commonSource from './kernels/common.wgsl?raw'
import floatSource from './kernels/float.wgsl?raw'
import maxSimSource from './kernels/maxsim.wgsl?raw'
import querySource from './kernels/query.wgsl?raw'
import residualSource from './kernels/residual.wgsl?raw'
import { assertPassages, assertQuery, isOnGpu, notFinite } from './query.ts'
import { residents } from './residents.ts'
import type { Scorer } from './scorer.ts'

export { type GpuDevice, requestGpuDevice } from './gpu-device.web.ts'

const THREADS = 64

/** @throws LateenError `gpu-unavailable` when the device cannot compile the kernels */
export async function webgpuScorer(device: GPUDevice): Promise<Scorer> {
  const pipelines = await makePipelines(device)
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GpuUsage
  const call = growingBuffer(device, 'call', UNIFORM | COPY_DST)
  const source = growingBuffer(device, 'query input', STORAGE | COPY_DST)
  const query = growingBuffer(device, 'query', STORAGE)
  const table = growingBuffer(device, 'centroid scores', STORAGE)
  const ids = growingBuffer(device, 'passages', STORAGE | COPY_DST)
  const scores = growingBuffer(device, 'scores', STORAGE | COPY_SRC | COPY_DST)
  const readback = readbackPool(device)
  const held = residents<GpuSegment>((segment) => segment.dispose())
  let lost: GPUDeviceLostInfo | undefined
  void device.lost.then((info) => {
    lost = info
  })

  function lostError(cause?: unknown): LateenError {
    const reason = lost?.message || lost?.reason || 'no reason given'
    return new LateenError(
      'gpu-lost',
      `The GPU device was lost (${reason}); make a new one or go on with WASM.`,
      {
        cause,
      },
    )
  }

  function assertUsable() {
    held.assertOpen()
    if (lost) throw lostError()
  }

  /** Encodes and submits everything up to the copy into `results`. */
  function submit(
    segment: GpuSegment,
    matrix: TokenMatrix | GpuTokenMatrix,
    passages: Uint32Array,
    results: GPUBuffer,
  ) {
    const { dim, numTokens } = matrix
    const tiles = 2 * Math.ceil(numTokens / 8)
    const scoreBytes = 4 * (passages.length + 1)
    const callBuffer = call.atLeast(16)
    const queryBuffer = query.atLeast(tiles * dim * 16)
    const tableBuffer = table.atLeast(segment.numCentroids * tiles * 16)
    const idsBuffer = ids.atLeast(passages.byteLength)
    const scoresBuffer = scores.atLeast(scoreBytes)
    const sourceBuffer = isOnGpu(matrix)
      ? (matrix.buffer as GPUBuffer)
      : source.atLeast(matrix.data.byteLength)
    if (!isOnGpu(matrix)) {
      device.queue.writeBuffer(sourceBuffer, 0, matrix.data as Float32Array<ArrayBuffer>)
    }
    device.queue.writeBuffer(callBuffer, 0, Uint32Array.of(numTokens, tiles, passages.length))
    device.queue.writeBuffer(idsBuffer, 0, passages as Uint32Array<ArrayBuffer>)

    const encoder = device.createCommandEncoder({ label: 'score' })
    encoder.clearBuffer(scoresBuffer, 4 * passages.length, 4)
    const pass = encoder.beginComputePass({ label: 'score' })
    const run = (pipeline: GPUComputePipeline, groups: number, buffers: Record<number, GPUBuffer>) => {
      const entries = Object.entries({ 0: callBuffer, 1: segment.codec, ...buffers }).map(
        ([binding, buffer]) => ({ binding: Number(binding), resource: { buffer } }),
      )
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
      const columns = Math.min(groups, device.limits.maxComputeWorkgroupsPerDimension)
      pass.dispatchWorkgroups(columns, Math.ceil(groups / columns))
    }
    run(pipelines.pack, Math.ceil((tiles * dim) / THREADS), {
      2: sourceBuffer,
      3: queryBuffer,
      4: scoresBuffer,
    })
    const common = { 2: idsBuffer, 3: segment.offsets, 4: queryBuffer, 5: scoresBuffer }
    if (segment.centroids) {
      run(pipelines.centroidScores, Math.ceil((segment.numCentroids * tiles) / THREADS), {
        3: queryBuffer,
        5: segment.centroids,
        6: tableBuffer,
      })
      const [codes, centroidIds, scaleCodes] = segment.vectors as [GPUBuffer, GPUBuffer, GPUBuffer]
      const stored = { 6: codes, 7: centroidIds, 8: scaleCodes, 9: tableBuffer }
      run(pipelines.residual, passages.length, { ...common, ...stored })
    } else run(pipelines.float, passages.length, { ...common, 6: segment.vectors[0]! })
    pass.end()
    encoder.copyBufferToBuffer(scoresBuffer, 0, results, 0, scoreBytes)
    device.queue.submit([encoder.finish()])
  }

  return {
    kind: 'webgpu',
    async load(segment) {
      assertUsable()
      const uploaded = await uploadSegment(device, segment).catch((error: unknown) => {
        throw lost ? lostError(error) : error
      })
      if (lost) throw lostError()
      return held.add(segment, uploaded.bytes, uploaded)
    },
    async score(matrix, loaded, passages) {
      assertUsable()
      const segment = held.get(loaded)
      if (isOnGpu(matrix) && matrix.device !== device) {
        throw new LateenError('bad-argument', 'Expected query vectors on the device of the scorer.')
      }
      assertQuery(matrix, segment.dim)
      assertPassages(passages, loaded.numPassages)
      if (passages.length === 0 || matrix.numTokens === 0) return new Float32Array(passages.length)

      const results = readback.take(4 * (passages.length + 1))
      const submitted = checked(device, () => submit(segment, matrix, passages, results))
      const mapped = results.mapAsync(MAP_MODE_READ).catch((error: unknown) => {
        held.assertOpen()
        throw lostError(error)
      })
      try {
        await Promise.all([submitted, mapped])
      } catch (error) {
        readback.discard(results)
        throw error
      }
      const found = new Float32Array(results.getMappedRange(0, 4 * (passages.length + 1)).slice())
      results.unmap()
      readback.giveBack(results)
      if (found[passages.length] !== 0) throw notFinite('NaN or an infinity on the GPU')
      return found.subarray(0, passages.length)
    },
    dispose() {
      held.dispose()
      readback.dispose()
      for (const buffer of [call, source, query, table, ids, scores]) buffer.dispose()
    },
  }
}

async function makePipelines(device: GPUDevice) {
  const pipeline = (label: string, entryPoint: string, ...sources: string[]) =>
    device.createComputePipelineAsync({
      label,
      layout: 'auto',
      compute: {
        entryPoint,
        module: device.createShaderModule({ label, code: [commonSource, ...sources].join('\n') }),
      },
    })
  try {
    const [pack, centroidScores, residual, float] = await Promise.all([
      pipeline('pack', 'pack', querySource),
      pipeline('centroid scores', 'centroidScores', querySource),
      pipeline('residual', 'maxSim', maxSimSource, residualSource),
      pipeline('float', 'maxSim', maxSimSource, floatSource),
    ])
    return { pack, centroidScores, residual, float }
  } catch (error) {
    throw new LateenError('gpu-unavailable', 'The GPU device does not compile the scoring kernels.', {
      cause: error,
    })
  }
}
