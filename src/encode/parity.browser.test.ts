import { afterAll, test } from 'vitest'
import { openGpu } from './gpu.web.ts'
import { loadWebEncoder } from './load.web.ts'
import { type ParityHost, paritySuite } from './parity.test-suite.ts'

const gpu = await openGpu().then(
  (opened) => opened,
  () => undefined,
)
afterAll(() => gpu?.device.destroy())

function host(name: string, backend: 'webgpu' | 'wasm', maxQueries?: number): ParityHost {
  return {
    name,
    backend,
    ...(maxQueries === undefined ? {} : { maxQueries }),
    readJson: async (path) => (await fetch(`/${path}`)).json(),
    async load(folder, dtype, dim) {
      const options = { prefer: backend, dtype, dim, device: gpu?.device } as const
      return (await loadWebEncoder({ model: `/${folder.replace(/^public\//, '')}/`, ...options })).encoder
    },
  }
}

paritySuite(host('WebAssembly in Chromium', 'wasm'))
if (!gpu) test.skip('parity by WebGPU: there is no adapter here', () => {})
else if (gpu.isSoftware) paritySuite(host('WebGPU in Chromium, software adapter', 'webgpu', 3))
else paritySuite(host('WebGPU in Chromium', 'webgpu'))
