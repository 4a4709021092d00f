import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedFile, renderKernels } from '../../scripts/build-kernels.mjs'

test('the compiled kernels are those of the AssemblyScript sources', async () => {
  expect(readFileSync(generatedFile, 'utf8')).toBe(await renderKernels())
})
