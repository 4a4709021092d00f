// Runs the parity suite on every backend and writes docs/parity.md from what it measured.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import { root } from './run.mjs'

const vitest = await startVitest('test', ['src/encode/parity'], { watch: false, reporters: ['default'] })
const modules = vitest.state.getTestModules()
const tests = modules.flatMap((module) => [...module.children.allTests()])
const measures = tests.flatMap((test) => test.meta().parity ?? [])
const knownAnswers = tests.flatMap((test) => test.meta().knownAnswers ?? [])
// A model that could not be loaded fails its suite, whose tests then count as skipped.
const passed = modules.length > 1 && modules.every((module) => module.ok())
const skipped = tests.filter((test) => test.result().state === 'skipped').map((test) => test.fullName)
await vitest.close()

if (!passed) {
  console.error('\nThe parity suite failed; docs/parity.md stays as it is.')
  process.exit(1)
}

/** One significant digit: the others differ between machines. */
const digit = (value) => (value === 0 ? '0' : value.toExponential(0))
const cosine = (value) => value.toFixed(4)
function table(head, rows) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((cells) => String(cells[i]).length)))
  const line = (cells) => `| ${cells.map((cell, i) => String(cell).padEnd(widths[i])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
const unique = (values) => [...new Set(values)]

const backends = unique(measures.map(({ backend }) => backend))
const isSoftware = backends.some((backend) => backend.includes('software'))
const recordOf = ({ model, record }) => `${model}/${record}`
const nameOf = ({ model, record, dim }) => (record === 'parity.json' ? model : `${model}, cut to ${dim}`)
const exact = measures.filter(({ dtype }) => dtype === 'fp32')
const records = unique(exact.map(recordOf)).map((record) => exact.filter((one) => recordOf(one) === record))

const versions = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'))).version
const libraries = unique(exact.map(({ reference }) => reference.library)).sort()
const largest = (key) => digit(Math.max(...exact.map((measure) => measure[key])))
/** Sentences of the references, each with the checkpoints it is about. */
const about = new Map()
for (const [one] of records) {
  for (const sentence of (one.reference.notes ?? '').split(/(?<=\.)\s+/).filter(Boolean)) {
    about.set(sentence, [...(about.get(sentence) ?? []), nameOf(one)])
  }
}
const notes = unique([...about.values()].map((names) => names.join(', '))).map((names) => {
  const sentences = [...about.keys()].filter((sentence) => about.get(sentence).join(', ') === names)
  return `- ${names}: ${sentences.join(' ')}`
})

const exactRow = (ofRecord) => [
  nameOf(ofRecord[0]),
  ofRecord[0].texts + (ofRecord[0].pooledDocuments ? `, ${ofRecord[0].pooledDocuments} pooled` : ''),
  ...backends.map((backend) => {
    const found = ofRecord.find((one) => one.backend === backend)
    return found ? `${digit(found.maxVectorDifference)} / ${digit(found.maxScoreDifference)}` : 'did not run'
  }),
]
const exactTables = libraries.map((library) => {
  const rows = records.filter(([one]) => one.reference.library === library).map(exactRow)
  return `**${library}**\n\n${table(['checkpoint', 'texts', ...backends], rows)}`
})

const otherRows = measures
  .filter(({ dtype }) => dtype !== 'fp32')
  .map((one) => [nameOf(one), one.dtype, one.backend, cosine(one.minCosine), digit(one.maxScoreDifference)])
const knownRows = knownAnswers.map((one) => [one.model, one.dtype, one.backend, cosine(one.minCosine), ''])

const text = `# Parity with the home libraries

A checkpoint gives the same token ids, vectors, scores and ranks here as in the library it was made for. This page is
written by \`npm run parity\` from one run of the suite that also runs in CI: a number that grows beyond its limit
fails the build.

## Exact weights

Each row is a small checkpoint in \`fixtures/family\`, with random weights in the files and keys of a real one. Queries and
documents were encoded and ranked by the code of the library itself (${libraries.join(', ')}), see \`tools/reference\`.
Token ids, attention, the tokens that keep a vector, and the order of documents are the same in all of them. A
cell has the largest difference of a component of a vector, and of a score. The limit is 1e-4 for a vector, 1e-3
for a score.${
  isSoftware ? ' On the software adapter, which is slow, the first three queries of each record ran.' : ''
}

${exactTables.join('\n\n')}

Largest of all: ${largest('maxVectorDifference')} of a vector, ${largest('maxScoreDifference')} of a score. ONNX Runtime is ${versions('onnxruntime-node')} in Node, ${versions('onnxruntime-web')} in browsers.

## Other weights

Quantised weights are another model: near, not equal. The lowest cosine of any token vector to its reference, and
the largest difference of a score. Checkpoints of the table above are compared with their library, of all texts; random weights
in few dimensions lose more than trained ones, and 0.99 is the limit. \`lateen-mini\` is compared with the vectors its PyTorch
training code gave, in its \`reference.json\`, which every session is tested with before it is used.

${table(['checkpoint', 'weights', 'backend', 'lowest cosine', 'score'], [...otherRows, ...knownRows])}

## Backbones

Token ids, masks, head, normalising, scores and pooling of the records are the library's own code. transformers could not be
installed where they were made: plain PyTorch stood in for it (\`tools/standins\`), both when the library encoded and when the
graph was exported. The stand-ins were compared with transformers 5.18.0 on PyTorch 2.13.0 afterwards, by \`tools/reference/witness.py\`:
its BERT, XLM-RoBERTa, ModernBERT and LFM2 give the vectors of all records to within 2e-6.

## What was not measured

- Published checkpoints of full size: they are not part of the repository. \`lateen model check <owner/name>\` fetches one and
  tests it against the vectors it brings; where it brings none, it says so.
- ${
  isSoftware
    ? 'WebGPU on real graphics hardware: this run had an adapter that computes on the CPU. Hardware rounds differently; the known-answer test at every start is what guards it.'
    : 'WebGPU on other graphics hardware than that of this run.'
}
- Browsers other than Chromium: Firefox and WebKit run the stories of the demo, not this suite.
${skipped.length > 0 ? `- ${skipped.length} tests were skipped: ${unique(skipped).join('; ')}.\n` : ''}${notes.length > 0 ? `\n## Notes of the references\n\n${notes.join('\n')}\n` : ''}`

const out = join(root, 'docs', 'parity.md')
const isNew = !existsSync(out)
writeFileSync(out, text)
console.log(
  `\n${isNew ? 'Wrote' : 'Rewrote'} docs/parity.md: ${exact.length} exact runs, ${measures.length - exact.length + knownAnswers.length} of other weights.`,
)
process.exit(0)
