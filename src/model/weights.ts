/** The ONNX files of a bundle: where they are looked for, and which ones suit a backend. */
import { LateenError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import type { BundleFiles } from './bundle-files.ts'
import { type Dtype, isWanted } from './dtype.ts'
import type { ModelSource } from './source.ts'
import type { ModelSpec, ModelWeights, WeightsType } from './spec.ts'

/**
 * The names transformers.js gives to variants of `model.onnx`, best for a CPU first. The first that exists
 * is the reference variant: its hash is part of the fingerprint, so that every backend and every choice
 * among the files of one bundle has the same, and so has a copy with only the files browsers load.
 */
const VARIANTS: readonly (readonly [suffix: string, dtype: WeightsType])[] = [
  ['_quantized', 'q8'],
  ['_int8', 'int8'],
  ['_uint8', 'uint8'],
  ['_matmulnbits', 'q8-matmulnbits'],
  ['_q4', 'q4'],
  ['', 'fp32'],
  ['_fp16', 'fp16'],
  ['_q4f16', 'q4f16'],
  ['_bnb4', 'bnb4'],
]

const CPU_ORDER = VARIANTS.map(([, dtype]) => dtype)

/** What is tried in which order: what is accurate for its bytes and fast, before what is either. */
const PREFERENCE: Readonly<Record<EncoderBackend, readonly WeightsType[]>> = {
  // Dynamically quantised products run on the CPU there, with a copy back and forth for each.
  webgpu: ['q8-matmulnbits', 'fp16', 'q4f16', 'q4', 'fp32', 'q8', 'int8', 'uint8', 'bnb4'],
  wasm: CPU_ORDER,
  node: CPU_ORDER,
}

/**
 * The weights of a model that a backend may try, best first.
 *
 * @throws LateenError `model-missing-file` when the bundle has none of the wanted type
 */
export function rungsFor(
  { name, weights }: Pick<ModelSpec, 'name' | 'weights'>,
  backend: EncoderBackend,
  wanted: Dtype = 'auto',
): readonly ModelWeights[] {
  const rungs = PREFERENCE[backend]
    .filter((dtype) => isWanted(wanted, dtype))
    .flatMap((dtype) => weights.filter((candidate) => candidate.dtype === dtype))
  if (rungs.length > 0) return rungs
  const found = weights.map(({ dtype, path }) => `${dtype} (${path})`).join(', ')
  throw new LateenError(
    'model-missing-file',
    `The model ${name} has no ${wanted} weights; it has ${found}. Ask for one of these, or for auto.`,
  )
}

/** The weights of a model that suit a backend best. */
export function weightsFor(spec: Pick<ModelSpec, 'name' | 'weights'>, backend: EncoderBackend): ModelWeights {
  return rungsFor(spec, backend)[0]!
}

/** Below `onnx/`, else at the root: never both, for they may come from different exports. */
const FOLDERS = ['onnx/', '']

/**
 * @param file of the bundle, where it is none of those looked for
 * @throws LateenError `model-missing-file`
 */
export async function findWeights(
  files: BundleFiles,
  source: ModelSource,
  file?: string,
): Promise<ModelWeights[]> {
  const existing = async (candidates: readonly (readonly [path: string, dtype: WeightsType])[]) => {
    const found = await Promise.all(
      candidates.map(async ([path, dtype]): Promise<ModelWeights[]> => {
        if (!(await files.has(path))) return []
        const external = await findExternalData(files, path)
        return [{ path, dtype, ...(external.length > 0 ? { external } : {}) }]
      }),
    )
    return found.flat()
  }
  const lookups = file
    ? [[[file, dtypeOfName(file)] as const]]
    : FOLDERS.map((folder) =>
        VARIANTS.map(([suffix, dtype]) => [`${folder}model${suffix}.onnx`, dtype] as const),
      )
  for (const candidates of lookups) {
    const weights = await existing(candidates)
    if (weights.length > 0) return weights
  }
  const lookedFor =
    file ?? `${VARIANTS.map(([suffix]) => `model${suffix}.onnx`).join(', ')} in onnx/ and beside it`
  throw new LateenError(
    'model-missing-file',
    `The model at ${source.location} has no ONNX file; looked for ${lookedFor}. Convert the checkpoint with lateen model convert, or name its file as weights.`,
  )
}

/** Tensors beside a graph: `model.onnx_data`, `model.onnx_data_1` … or, by PyTorch's exporter, `model.onnx.data`. */
async function findExternalData(files: BundleFiles, path: string): Promise<string[]> {
  const [first, data] = [`${path}_data`, `${path}.data`]
  const [hasFirst, hasData] = await Promise.all([files.has(first), files.has(data)])
  if (!hasFirst) return hasData ? [data] : []
  const found = [first]
  while (await files.has(`${first}_${found.length}`)) found.push(`${first}_${found.length}`)
  return found
}

/** What says nothing of itself counts as unquantised. */
function dtypeOfName(path: string): WeightsType {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? 'fp32'
}

const NAMES: readonly (readonly [RegExp, WeightsType])[] = [
  [/matmulnbits/, 'q8-matmulnbits'],
  [/q4f16/, 'q4f16'],
  [/bnb4/, 'bnb4'],
  [/q4|int4/, 'q4'],
  [/uint8/, 'uint8'],
  [/int8/, 'int8'],
  [/q8|quant/, 'q8'],
  [/fp16|float16|half/, 'fp16'],
]

/** What stands for the weights in a fingerprint: the hash of the reference variant, with the tensors beside it. */
export async function weightsIdentity(
  files: BundleFiles,
  weights: readonly ModelWeights[],
): Promise<string | readonly string[]> {
  const { path, external = [] } = weights[0]!
  if (external.length === 0) return files.hash(path)
  const hashes: string[] = []
  // One by one: each may have to be read whole.
  for (const file of [...external, path]) hashes.push(await files.hash(file))
  return hashes
}
