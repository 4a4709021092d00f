import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROW = /^\| [^|]+ \| `(?<file>src\/[^`]+)`\s*\| (?<name>[^|]+?)\s*\|$/gm

test('every trap of CONTRIBUTING.md is guarded by a test of the name and file that it gives', () => {
  const [, table = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split('## Traps of late interaction')
  const traps = [...table.matchAll(ROW)].map(({ groups }) => groups as { file: string; name: string })
  expect(traps.length).toBeGreaterThan(20)
  const isThere = ({ file, name }: (typeof traps)[number]) =>
    new RegExp(`\\b(test|describe)\\(\\s*['"\`]${escaped(name)}`).test(readFileSync(file, 'utf8'))
  expect(traps.filter((trap) => !isThere(trap))).toEqual([])
})

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
