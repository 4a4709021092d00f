import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The layers of docs/architecture.md, lowest first. A file may import from its own layer and from
 * lower ones; the first pattern that matches a file decides its layer.
 */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^(types|errors|version)\.ts$/, /^util\//],
  [
    /^(text|tokenize|compress|segment|candidates)\//,
    /^score\/(reference|max-sim|scorer|synthetic|read|query|residents)\.ts$/,
    /^encode\/encoder\.ts$/,
    /^model\/spec\.ts$/,
    /^store\/(store|source)\.ts$/,
  ],
  [/^(model|store|score|lexical)\//],
  [/^encode\//],
  [/^(search|build|eval|plaid)\//],
  [/^(client|cli|demo|site|element|plugin|pagefind|offline)\//, /^(index|node)\.ts$/],
]

const SOURCE = 'src'

function files(folder = SOURCE): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'assembly' ? [] : files(path)
    return /\.ts$/.test(entry.name) && !/\.(test|test-suite|d)\.ts$/.test(entry.name)
      ? [path.slice(SOURCE.length + 1)]
      : []
  })
}

const layerOf = (file: string) =>
  LAYERS.findIndex((patterns) => patterns.some((pattern) => pattern.test(file)))

function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8')
  return [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+\.ts)'/g)].map(([, path]) =>
    normalize(join(dirname(file), path!)),
  )
}

test('every source file belongs to a layer', () => {
  expect(files().filter((file) => layerOf(file) < 0)).toEqual([])
})

test('imports go from hosts to use cases to adapters to pure stages, never back', () => {
  const upward = files().flatMap((file) =>
    importsOf(file)
      .filter((imported) => layerOf(imported) > layerOf(file))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(upward).toEqual([])
})

test('no file imports itself through others', () => {
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    else if (!done.has(file)) {
      for (const imported of importsOf(file)) visit(imported, [...path, file])
      done.add(file)
    }
  }
  for (const file of files()) visit(file, [])
  expect(cycles).toEqual([])
})
