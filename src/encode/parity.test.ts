import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadNodeEncoder } from './load.node.ts'
import { type ParityHost, paritySuite, RECORDS } from './parity.test-suite.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function host(name: string, backend: 'node' | 'wasm'): ParityHost {
  return {
    name,
    backend,
    readJson: async (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')),
    async load(folder, dtype, dim) {
      const prefer = backend === 'node' ? 'auto' : 'wasm'
      const options = { model: join(ROOT, folder), prefer, dtype, dim, threads: 1 } as const
      return (await loadNodeEncoder(options)).encoder
    },
  }
}

paritySuite(host('native in Node', 'node'))
paritySuite(host('WebAssembly in Node', 'wasm'))

test('the suite knows every record there is', () => {
  const found = readdirSync(join(ROOT, 'fixtures/family'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => /^[^/]+\/parity[^/]*\.json$/.test(path),
  )
  const known = RECORDS.flatMap(([model, ...files]) => files.map((file) => `${model}/${file}`))
  expect(known.toSorted()).toEqual(found.toSorted())
})
