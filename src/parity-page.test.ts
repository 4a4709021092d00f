import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RECORDS } from './encode/parity.test-suite.ts'

test('docs/parity.md, which npm run parity writes, has a row for every record', () => {
  const page = readFileSync('docs/parity.md', 'utf8').split('\n')
  for (const [model, ...files] of RECORDS) {
    const rows = page.filter((line) => line.startsWith(`| ${model} `) || line.startsWith(`| ${model},`))
    expect(rows.length, model).toBeGreaterThanOrEqual(files.length)
  }
})
