/** What a graph takes and gives, by what it says of itself: exporters agree neither on names nor on types. */
import { LateenError } from '../errors.ts'
import { floatToHalf, halfToFloat } from '../util/half.ts'
import type { BatchInput } from './batch.ts'

/** An input or output as ONNX Runtime describes it. */
export interface GraphValue {
  readonly name: string
  readonly type?: string
  /** Numbers are fixed, strings name what differs from run to run; empty when nothing is known. */
  readonly shape?: readonly (number | string)[]
}

/** Makes the values of one input for a batch. */
export interface Feed {
  readonly name: string
  readonly type: string
  values(input: BatchInput): ArrayBufferView
}

/**
 * @returns one feed per input of the graph
 * @throws LateenError `model-unsupported` when it takes something else than a batch of token ids
 */
export function feedsFor(inputs: readonly GraphValue[]): readonly Feed[] {
  const feeds = inputs.map((input): Feed => {
    const { name, type = 'int64', shape = [] } = input
    const values = VALUES[name]
    const convert = NUMBERS[type]
    const isBatch =
      shape.length === 0 || (shape.length === 2 && shape.every((size) => typeof size === 'string'))
    if (!values || !convert || !isBatch) {
      throw new LateenError(
        'model-unsupported',
        `The ONNX graph asks for ${described(input)}; ${Object.keys(VALUES).join(', ')} are known, as integers [batch, tokens] of any size. Export it as a text encoder with dynamic axes.`,
      )
    }
    return { name, type, values: (batch) => convert(values(batch)) }
  })
  if (feeds.some(({ name }) => VALUES[name] === idsOf)) return feeds
  throw new LateenError(
    'model-unsupported',
    `The ONNX graph asks for ${inputs.map(described).join(', ') || 'nothing'}, but not for input_ids. Export it as a text encoder.`,
  )
}

type Integers = ArrayLike<number>
const idsOf = ({ ids }: BatchInput): Integers => ids
const attentionOf = ({ attention }: BatchInput): Integers => attention
const zeros = ({ ids }: BatchInput): Integers => new Uint8Array(ids.length)
const positions = ({ ids, seq }: BatchInput): Integers => ids.map((_, i) => i % seq)

const VALUES: Readonly<Record<string, (input: BatchInput) => Integers>> = {
  input_ids: idsOf,
  attention_mask: attentionOf,
  token_type_ids: zeros,
  position_ids: positions,
  // As TensorFlow's BERT calls them.
  input_mask: attentionOf,
  segment_ids: zeros,
}

const NUMBERS: Readonly<Record<string, (values: Integers) => ArrayBufferView>> = {
  int64: (values) => BigInt64Array.from(values, BigInt),
  int32: (values) => Int32Array.from(values),
  bool: (values) => Uint8Array.from(values),
  float32: (values) => Float32Array.from(values),
  float16: (values) => Uint16Array.from(values, floatToHalf),
}

/** Names under which exporters store the vectors of all tokens, best first. */
const OUTPUT_NAMES = [
  'token_embeddings',
  'contextual',
  'embeddings',
  'last_hidden_state',
  'output_0',
  'output',
]

/**
 * The output with a vector for every token: of a width the model knows, before one that says nothing of
 * its width; by its name among several of these; one matrix for all texts only where there is no other.
 *
 * @param widths of a token vector, and of what the head beside the graph takes
 * @throws LateenError `model-unsupported` when no output can be it
 */
export function outputFor(outputs: readonly GraphValue[], widths: readonly number[] = []): GraphValue {
  const [best] = outputs
    .map((output, position) => ({ output, rank: rankOf(output, position, widths) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => a.rank! - b.rank!)
  if (best) return best.output
  throw new LateenError(
    'model-unsupported',
    `The ONNX graph should give floats [batch, tokens, width], found ${outputs.map(described).join(', ')}. Export the vectors of all tokens, not one for the text.`,
  )
}

function rankOf(
  { name, type = 'float32', shape = [] }: GraphValue,
  position: number,
  widths: readonly number[],
) {
  if (type !== 'float32' && type !== 'float16') return undefined
  if (shape.length !== 0 && shape.length !== 3 && shape.length !== 2) return undefined
  if (/pool|sentence/.test(name)) return undefined
  const width = shape.at(-1)
  const ofShape = shape.length === 2 ? 2 : 0
  const ofWidth = typeof width !== 'number' ? 1 : widths.includes(width) ? 0 : 2
  const named = OUTPUT_NAMES.indexOf(name)
  const ofName = named < 0 ? OUTPUT_NAMES.length + position : named
  return (ofShape + ofWidth) * 1000 + ofName
}

/** Values per token of an output, by its dimensions. */
export function widthOf(dims: readonly number[], { batch, seq }: BatchInput, type: string): number {
  const width = dims.at(-1)!
  const isPerToken =
    dims.length === 3 ? dims[0] === batch && dims[1] === seq : dims.length === 2 && dims[0] === batch * seq
  if (isPerToken) return width
  throw new LateenError(
    'model-unsupported',
    `The ONNX graph should give floats [${batch}, ${seq}, width] for ${batch} texts of ${seq} tokens, found ${type} [${dims.join(', ')}]. Export the vectors of all tokens.`,
  )
}

/** Output values as float32: half precision comes as bits, or in newer engines as numbers. */
export function toFloats(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data
  return data instanceof Uint16Array
    ? Float32Array.from(data, halfToFloat)
    : Float32Array.from(data as Integers)
}

function described({ name, type = '', shape = [] }: GraphValue): string {
  return `${name} (${[type, shape.length > 0 ? `[${shape.join(', ')}]` : ''].filter(Boolean).join(' ')})`
}
