import { afterEach, expect, test, vi } from 'vitest'
import { sha256Hex, sha256HexOfFile } from './hash.ts'

afterEach(() => void vi.unstubAllGlobals())

test('a file has one hash, whoever computes it', async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251).subarray(3, 900)
  const digest = vi.spyOn(crypto.subtle, 'digest')
  expect(await sha256HexOfFile(bytes)).toBe(sha256Hex(bytes))
  expect(digest).toHaveBeenCalledOnce()
  // Outside of secure contexts there is none.
  vi.stubGlobal('crypto', {})
  expect(await sha256HexOfFile(bytes)).toBe(sha256Hex(bytes))
})
