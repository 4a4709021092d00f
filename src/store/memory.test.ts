import { expect, test } from 'vitest'
import { byteSourceSuite, sampleBytes } from './byte-source.test-suite.ts'
import { indexOf, indexStoreSuite, sampleSegment } from './index-store.test-suite.ts'
import { memoryStore } from './memory.ts'
import { bytesSource } from './source.ts'

byteSourceSuite('memory', async () => {
  const bytes = sampleBytes(1000)
  return { source: bytesSource(bytes), bytes }
})

indexStoreSuite('memory', async () => {
  const store = memoryStore()
  return { open: () => store }
})

test('a manifest that is changed after the commit stays as it was committed', async () => {
  const store = memoryStore()
  const segment = sampleSegment(1)
  const manifest = indexOf([segment], 1)
  await store.commit(manifest, segment.files, 0)
  ;(manifest.segments as unknown[]).length = 0
  expect((await store.readManifest())!.segments.length).toBe(1)
})
