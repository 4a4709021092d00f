/** The encoder: the same code wherever the graph runs. */
import { LateenError } from '../errors.ts'
import { quantizesActivations } from '../model/dtype.ts'
import type { ModelSpec, ModelWeights, TextKind, TokenFilter } from '../model/spec.ts'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import { throwIfAborted } from '../util/abort.ts'
import { breathe } from '../util/breathe.ts'
import { cutRows, normalizeRows } from '../util/rows.ts'
import { type BatchInput, type BatchLimits, padBatch, planBatches } from './batch.ts'
import type { EncodedText, EncodeOptions, Encoder, GpuTokenMatrix, TokenizedText } from './encoder.ts'
import { applyHead } from './head.ts'
import { countDocumentTokens, modelInput } from './input.ts'
import { runSelfTest } from './self-test.ts'
import type { EncoderSession, SessionOutput } from './session.ts'

export interface CreateEncoderOptions {
  readonly weights: ModelWeights
  /** Bytes of the model files that were loaded. */
  readonly bytes: number
}

/** Rows of one run: enough to keep a GPU busy, few enough to be interrupted soon. */
const MAX_BATCH_TOKENS = 2048

/**
 * Makes an encoder of a session, after the session has passed the known-answer test. The encoder owns
 * the session from then on; when the test fails, the session is disposed.
 *
 * @throws LateenError `model-self-test-failed`, `model-invalid`
 */
export async function createEncoder(
  session: EncoderSession,
  spec: ModelSpec,
  tokenizer: Tokenizer,
  options: CreateEncoderOptions,
): Promise<Encoder> {
  const limits: BatchLimits = {
    maxTokens: MAX_BATCH_TOKENS,
    // Dynamic quantisation takes its scale from the whole batch. Alone, a text always gets the same
    // vectors, whatever it is indexed with; on a CPU a batch of passages would hardly be faster.
    ...(quantizesActivations(options.weights.dtype) ? { maxTexts: 1 } : {}),
  }
  const tokenize = (text: string, kind: TextKind) => modelInput(spec, tokenizer, text, kind)
  let graphNormalizes = true

  /** On a GPU a graph would take any other position for one it does not have, and say nothing. */
  function inputOf(texts: readonly TokenizedText[]): BatchInput {
    const input = padBatch(texts, spec.padTokenId)
    const { positions = input.seq } = spec
    if (input.seq <= positions) return input
    throw new LateenError(
      'model-invalid',
      `The model has positions for ${positions} tokens, and its settings let a text have ${input.seq}. Set a smaller length of queries or documents in them.`,
    )
  }

  /** One matrix per text with a row for every token, unit length. */
  async function forward(texts: readonly TokenizedText[]): Promise<Float32Array[]> {
    const input = inputOf(texts)
    const output = await session.run(input)
    graphNormalizes &&= output.width === spec.dim && hasUnitRow(output.data, spec.dim)
    const rows = normalizeRows(cutRows(projected(spec, output), spec.fullDim, spec.dim), spec.dim)
    const stride = input.seq * spec.dim
    return texts.map(({ ids }, i) => rows.subarray(i * stride, i * stride + ids.length * spec.dim))
  }

  async function encodeBatch(texts: readonly TokenizedText[]): Promise<EncodedText[]> {
    const matrices = await forward(texts)
    return texts.map((tokenized, i) => ({
      tokenized,
      matrix: keepRows(matrices[i]!, tokenized.kept, spec.dim),
    }))
  }

  let selfTest: Encoder['selfTest']
  try {
    selfTest = await runSelfTest(spec.goldens, options.weights.dtype, async (text, kind) => {
      const tokenized = tokenize(text, kind)
      const [vectors] = await forward([tokenized])
      return { ids: tokenized.ids, vectors: vectors! }
    })
  } catch (error) {
    await session.dispose()
    throw error
  }

  const { runOnGpu } = session
  return {
    spec,
    backend: session.backend,
    weights: options.weights,
    selfTest,
    bytes: options.bytes,
    tokenize,
    countTokens: (text) => countDocumentTokens(spec, tokenizer, text),
    async encodeQuery(text, { signal } = {}) {
      throwIfAborted(signal)
      const [encoded] = await encodeBatch([tokenize(text, 'query')])
      throwIfAborted(signal)
      return encoded!
    },
    async encodeDocuments(texts, { signal, onBatch } = {}) {
      const tokenized = texts.map((text) => tokenize(text, 'document'))
      const results: EncodedText[] = Array(texts.length)
      let done = 0
      for (const batch of planBatches(
        tokenized.map(({ ids }) => ids.length),
        limits,
      )) {
        await breathe()
        throwIfAborted(signal)
        const encoded = await encodeBatch(batch.map((i) => tokenized[i]!))
        for (const [position, i] of batch.entries()) results[i] = encoded[position]!
        onBatch?.((done += batch.length))
      }
      throwIfAborted(signal)
      return results
    },
    // What stays on the GPU can be neither projected nor cut, normalised or thinned here.
    ...(runOnGpu && graphNormalizes && keepsAll(spec.kept.query)
      ? { encodeQueryOnGpu: (text: string, encode?: EncodeOptions) => queryOnGpu(text, encode) }
      : {}),
    dispose: () => session.dispose(),
  }

  async function queryOnGpu(text: string, { signal }: EncodeOptions = {}): Promise<GpuTokenMatrix> {
    throwIfAborted(signal)
    const input = inputOf([tokenize(text, 'query')])
    const { device, buffer, width, read, dispose } = await runOnGpu!(input)
    const shape = { numTokens: input.seq, dim: width }
    return {
      device,
      buffer,
      ...shape,
      read: async () => ({ data: await read(), ...shape }),
      dispose,
    }
  }
}

const keepsAll = ({ skip, only }: TokenFilter) => skip.size === 0 && !only

/** One row of `fullDim` components per token, of any length. */
function projected({ head, fullDim, missingHead }: ModelSpec, { data, width }: SessionOutput): Float32Array {
  // A chain that keeps the width cannot be told by it: the graph then ends before the head.
  if (head.length > 0 && width === head[0]!.inFeatures && (width !== fullDim || !hasUnitRow(data, fullDim))) {
    return applyHead(head, data)
  }
  if (width === fullDim) return data
  const { code = 'model-invalid', reason = 'the graph belongs to another model' } = missingHead ?? {}
  throw new LateenError(
    code,
    `The ONNX graph gives ${width} values per token and the model has ${fullDim}: ${reason}.`,
  )
}

/** True when the first row has length 1, as it has when the graph normalises. */
function hasUnitRow(rows: Float32Array, dim: number): boolean {
  let sum = 0
  for (let i = 0; i < dim; i++) sum += rows[i]! ** 2
  return Math.abs(sum - 1) < 1e-3
}

function keepRows(rows: Float32Array, kept: Uint32Array, dim: number) {
  const data = new Float32Array(kept.length * dim)
  for (const [row, position] of kept.entries()) {
    data.set(rows.subarray(position * dim, (position + 1) * dim), row * dim)
  }
  return { data, numTokens: kept.length, dim }
}
