/**
 * ONNX files at the level of protocol buffers: a message is a list of fields, kept in order, and only
 * what is touched is decoded. Whatever else a file holds comes out as it went in.
 */

/** @typedef {{ number: number, type: 0 | 1 | 2 | 5, value: bigint | Uint8Array }} Field */
/** @typedef {Field[]} Message */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** @param {Uint8Array} bytes @returns {Message} */
export function decode(bytes) {
  const fields = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const number = key >> 3
    const type = key & 7
    if (type === VARINT) fields.push({ number, type, value: varint() })
    else {
      const length = type === BYTES ? Number(varint()) : type === FIXED64 ? 8 : type === FIXED32 ? 4 : -1
      if (length < 0 || at + length > bytes.length)
        throw new Error(`field ${number} has unknown type ${type}`)
      fields.push({ number, type, value: bytes.subarray(at, at + length) })
      at += length
    }
  }
  return fields
}

/** @param {Message} message @returns {Uint8Array} */
export function encode(message) {
  const parts = message.flatMap(({ number, type, value }) => {
    const key = varintBytes(BigInt((number << 3) | type))
    if (type === VARINT) return [key, varintBytes(value)]
    return type === BYTES ? [key, varintBytes(BigInt(value.length)), value] : [key, value]
  })
  return Buffer.concat(parts)
}

function varintBytes(value) {
  const bytes = []
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Uint8Array.from([...bytes, Number(rest)])
}

export const int = (number, value) => ({ number, type: VARINT, value: BigInt(value) })
export const bytes = (number, value) => ({ number, type: BYTES, value })
export const text = (number, value) => bytes(number, new TextEncoder().encode(value))
export const message = (number, fields) => bytes(number, encode(fields))

/** @param {Message} message @param {number} number */
export const all = (message, number) => message.filter((field) => field.number === number).map((f) => f.value)
export const first = (message, number) => message.find((field) => field.number === number)?.value
export const textOf = (value) => (value ? new TextDecoder().decode(value) : '')

/** Field numbers of onnx.proto that are used here. */
export const MODEL = { graph: 7, opsetImport: 8 }
export const OPSET = { domain: 1, version: 2 }
export const GRAPH = { node: 1, initializer: 5 }
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 }
export const ATTRIBUTE = { name: 1, int: 3, type: 20 }
export const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9 }
export const DATA_TYPE = { float: 1, uint8: 2, int8: 3 }

const ATTRIBUTE_TYPE_INT = 2

/** @param {{ op: string, domain?: string, name: string, inputs: string[], outputs: string[], ints?: Record<string, number> }} node */
export function node({ op, domain, name, inputs, outputs, ints = {} }) {
  return message(GRAPH.node, [
    ...inputs.map((input) => text(NODE.input, input)),
    ...outputs.map((output) => text(NODE.output, output)),
    text(NODE.name, name),
    text(NODE.opType, op),
    ...Object.entries(ints).map(([key, value]) =>
      message(NODE.attribute, [
        text(ATTRIBUTE.name, key),
        int(ATTRIBUTE.int, value),
        int(ATTRIBUTE.type, ATTRIBUTE_TYPE_INT),
      ]),
    ),
    ...(domain ? [text(NODE.domain, domain)] : []),
  ])
}

/** @param {string} name @param {number[]} dims @param {number} dataType @param {ArrayBufferView} data */
export function tensor(name, dims, dataType, data) {
  return message(GRAPH.initializer, [
    ...dims.map((dim) => int(TENSOR.dims, dim)),
    int(TENSOR.dataType, dataType),
    text(TENSOR.name, name),
    bytes(TENSOR.rawData, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ])
}
