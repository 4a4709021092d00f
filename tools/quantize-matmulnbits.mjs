/**
 * Quantises the weights of an ONNX text encoder to 8 bits, and leaves activations alone, so that a
 * graph runs whole on WebGPU: constant matrix products become MatMulNBits, large embedding tables
 * become int8 rows with a scale each.
 *
 *   node tools/quantize-matmulnbits.mjs model.onnx model_matmulnbits.onnx
 */
import { readFileSync, writeFileSync } from 'node:fs'
import {
  all,
  DATA_TYPE,
  decode,
  encode,
  first,
  GRAPH,
  int,
  MODEL,
  message,
  NODE,
  node,
  OPSET,
  TENSOR,
  tensor,
  text,
  textOf,
} from './onnx-wire.mjs'

const BLOCK = 32
const BITS = 8
/** Stored values are unsigned; this one stands for zero. */
const ZERO = 128
/** Products may be computed from int8 activations where a backend has them. */
const ACCURACY_INT8 = 4
const CONTRIB = 'com.microsoft'
/** Smaller tables are not worth a scale per row. */
const MIN_EMBEDDING_ROWS = 1024

const [input, output] = process.argv.slice(2)
if (!input || !output) {
  console.error('usage: node tools/quantize-matmulnbits.mjs <fp32.onnx> <out.onnx>')
  process.exit(1)
}
const model = decode(readFileSync(input))
const quantized = encode(
  withContribOps(
    model.map((field) =>
      field.number === MODEL.graph ? message(MODEL.graph, quantizeGraph(decode(field.value))) : field,
    ),
  ),
)
writeFileSync(output, quantized)
console.error(`${output}: ${quantized.length} bytes`)

function withContribOps(fields) {
  const domains = all(fields, MODEL.opsetImport).map((opset) => textOf(first(decode(opset), OPSET.domain)))
  if (domains.includes(CONTRIB)) return fields
  return [...fields, message(MODEL.opsetImport, [text(OPSET.domain, CONTRIB), int(OPSET.version, 1)])]
}

function quantizeGraph(graph) {
  const constants = new Map()
  for (const value of all(graph, GRAPH.initializer)) {
    const fields = decode(value)
    if (Number(first(fields, TENSOR.dataType)) !== DATA_TYPE.float) continue
    const name = textOf(first(fields, TENSOR.name))
    const raw = first(fields, TENSOR.rawData)
    if (raw) constants.set(name, { dims: all(fields, TENSOR.dims).map(Number), data: floats(raw) })
  }
  const added = new Map()
  const replaced = new Set()
  const nodes = graph
    .filter(({ number }) => number === GRAPH.node)
    .flatMap((field) => {
      const fields = decode(field.value)
      const [a, b] = all(fields, NODE.input).map(textOf)
      const [out] = all(fields, NODE.output).map(textOf)
      const op = textOf(first(fields, NODE.opType))
      const name = textOf(first(fields, NODE.name))
      if (op === 'MatMul' && constants.get(b)?.dims.length === 2) {
        replaced.add(b)
        return [matMulNBits({ name, a, b, out }, constants.get(b), added)]
      }
      if (
        op === 'Gather' &&
        constants.get(a)?.dims.length === 2 &&
        constants.get(a).dims[0] >= MIN_EMBEDDING_ROWS
      ) {
        replaced.add(a)
        return int8Rows({ name, table: a, ids: b, out }, constants.get(a), added)
      }
      return [field]
    })
  const kept = graph.filter((field) => {
    if (field.number === GRAPH.node) return false
    return (
      field.number !== GRAPH.initializer || !replaced.has(textOf(first(decode(field.value), TENSOR.name)))
    )
  })
  return [...nodes, ...kept, ...added.values()]
}

function floats(raw) {
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength))
}

/** Columns of a K × N matrix, in blocks of values that share a scale. */
function matMulNBits({ name, a, b, out }, { dims: [K, N], data }, added) {
  const blocks = Math.ceil(K / BLOCK)
  const codes = new Uint8Array(N * blocks * BLOCK).fill(ZERO)
  const scales = new Float32Array(N * blocks)
  for (let n = 0; n < N; n++) {
    for (let block = 0; block < blocks; block++) {
      const from = block * BLOCK
      const to = Math.min(K, from + BLOCK)
      let largest = 0
      for (let k = from; k < to; k++) largest = Math.max(largest, Math.abs(data[k * N + n]))
      const scale = largest / 127
      scales[n * blocks + block] = scale
      for (let k = from; k < to; k++) {
        const code = scale === 0 ? 0 : Math.round(data[k * N + n] / scale)
        codes[(n * blocks + block) * BLOCK + (k - from)] = code + ZERO
      }
    }
  }
  added.set(`${b}_codes`, tensor(`${b}_codes`, [N, blocks, BLOCK], DATA_TYPE.uint8, codes))
  added.set(`${b}_scales`, tensor(`${b}_scales`, [N * blocks], DATA_TYPE.float, scales))
  return node({
    op: 'MatMulNBits',
    domain: CONTRIB,
    name: `${name}_nbits`,
    inputs: [a, `${b}_codes`, `${b}_scales`],
    outputs: [out],
    ints: { K, N, bits: BITS, block_size: BLOCK, accuracy_level: ACCURACY_INT8 },
  })
}

/** A table of int8 rows: gathered, turned into numbers, multiplied by the scale of their row. */
function int8Rows({ name, table, ids, out }, { dims: [rows, width], data }, added) {
  const codes = new Int8Array(rows * width)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width)
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127
    scales[row] = scale
    for (const [i, value] of values.entries())
      codes[row * width + i] = scale === 0 ? 0 : Math.round(value / scale)
  }
  added.set(`${table}_codes`, tensor(`${table}_codes`, [rows, width], DATA_TYPE.int8, codes))
  added.set(`${table}_scales`, tensor(`${table}_scales`, [rows, 1], DATA_TYPE.float, scales))
  const [gathered, number, scale] = ['codes', 'numbers', 'scales'].map((part) => `${name}_${part}_output`)
  return [
    node({ op: 'Gather', name: `${name}_codes`, inputs: [`${table}_codes`, ids], outputs: [gathered] }),
    node({
      op: 'Cast',
      name: `${name}_numbers`,
      inputs: [gathered],
      outputs: [number],
      ints: { to: DATA_TYPE.float },
    }),
    node({ op: 'Gather', name: `${name}_scales`, inputs: [`${table}_scales`, ids], outputs: [scale] }),
    node({ op: 'Mul', name: `${name}_scaled`, inputs: [number, scale], outputs: [out] }),
  ]
}
