/** What a model bundle brings for the index beside weights and tokenizer. Both files are optional. */
import type { ResidualBits, ResidualCodec } from '../compress/codec.ts'
import { codecFileDim, readCodecFile } from '../compress/codec-file.ts'
import { isLateenError, LateenError } from '../errors.ts'
import type { ModelSpec } from '../model/spec.ts'
import type { Backend } from './backend.ts'

/** The frozen codec of the model. */
export const MODEL_CODEC_FILE = 'codec.bin'
/** Figures measured for the model: `{"semanticFloor": number}`. */
export const MODEL_FIGURES_FILE = 'lateen.json'

/**
 * @param readFile reads a file of the bundle; fails with `model-missing-file`
 * @throws LateenError `model-invalid`, and what `readFile` throws
 */
export async function readModelFiles(
  readFile: (path: string) => Promise<Uint8Array>,
  { dim, fullDim }: Pick<ModelSpec, 'dim' | 'fullDim'>,
): Promise<Pick<Backend, 'modelCodec' | 'semanticFloor'>> {
  // Both were made for whole vectors and say nothing of cut ones.
  if (dim < fullDim) return { modelCodec: undefined, semanticFloor: 0 }
  const codec = await optional(readFile, MODEL_CODEC_FILE)
  const figures = await optional(readFile, MODEL_FIGURES_FILE)
  return {
    modelCodec: codec && readCodec(codec, dim),
    semanticFloor: figures ? readFloor(figures) : 0,
  }
}

function readCodec(bytes: Uint8Array, dim: number): (bits: ResidualBits) => ResidualCodec {
  let codec: (bits: ResidualBits) => ResidualCodec
  let codecDim: number
  try {
    codec = readCodecFile(bytes)
    codecDim = codecFileDim(bytes)
  } catch (cause) {
    throw new LateenError(
      'model-invalid',
      `${MODEL_CODEC_FILE} of the model bundle cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  if (codecDim === dim) return codec
  throw new LateenError(
    'model-invalid',
    `${MODEL_CODEC_FILE} of the model bundle should be for vectors of ${dim} components, as the model gives them, and is for ${codecDim}. Take both from one version of the model, or leave the codec out.`,
  )
}

function readFloor(bytes: Uint8Array): number {
  let floor: unknown
  try {
    floor = (JSON.parse(new TextDecoder().decode(bytes)) as { semanticFloor?: unknown }).semanticFloor ?? 0
  } catch (cause) {
    throw new LateenError('model-invalid', `${MODEL_FIGURES_FILE} of the model bundle is not JSON.`, {
      cause,
    })
  }
  if (typeof floor === 'number' && Number.isFinite(floor)) return floor
  throw new LateenError(
    'model-invalid',
    `Expected semanticFloor in ${MODEL_FIGURES_FILE} of the model bundle to be a number, found ${JSON.stringify(floor)}.`,
  )
}

async function optional(
  readFile: (path: string) => Promise<Uint8Array>,
  path: string,
): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isLateenError(error, 'model-missing-file')) return undefined
    throw error
  }
}
