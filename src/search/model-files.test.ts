import { expect, test } from 'vitest'
import { writeCodecFile } from '../compress/codec-file.ts'
import { trainResidualCodecs } from '../compress/residual.ts'
import { clusteredVectors } from '../compress/samples.test-suite.ts'
import { LateenError } from '../errors.ts'
import { MODEL_CODEC_FILE, MODEL_FIGURES_FILE, readModelFiles } from './model-files.ts'

const DIM = 16
const codecs = trainResidualCodecs(clusteredVectors(500, DIM, 1), { numCentroids: 8 })
const codec = writeCodecFile(codecs)
const figures = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

function reader(files: Readonly<Record<string, Uint8Array>>) {
  return async (path: string) => {
    const bytes = files[path]
    if (bytes) return bytes
    throw new LateenError('model-missing-file', path)
  }
}

const whole = { dim: DIM, fullDim: DIM }

test('codec and floor of a model are read, and either may be missing', async () => {
  const files = reader({ [MODEL_CODEC_FILE]: codec, [MODEL_FIGURES_FILE]: figures({ semanticFloor: 0.25 }) })
  const { modelCodec, semanticFloor } = await readModelFiles(files, whole)
  expect(modelCodec!(2)).toEqual(codecs(2))
  expect(semanticFloor).toBe(0.25)
  expect(await readModelFiles(reader({}), whole)).toEqual({ modelCodec: undefined, semanticFloor: 0 })
})

test('neither holds for cut vectors', async () => {
  const files = reader({ [MODEL_CODEC_FILE]: codec, [MODEL_FIGURES_FILE]: figures({ semanticFloor: 0.25 }) })
  expect(await readModelFiles(files, { dim: 8, fullDim: DIM })).toEqual({
    modelCodec: undefined,
    semanticFloor: 0,
  })
})

test.each([
  ['a codec for vectors of another dimension', { [MODEL_CODEC_FILE]: codec }, 24, /24 components.* for 16/],
  ['a codec that is cut off', { [MODEL_CODEC_FILE]: codec.slice(0, -1) }, DIM, /codec\.bin.*cannot be read/],
  ['a floor that is no number', { [MODEL_FIGURES_FILE]: figures({ semanticFloor: '1' }) }, DIM, /found "1"/],
])('%s is refused as invalid', async (_, files, dim, message) => {
  await expect(readModelFiles(reader(files), { dim, fullDim: dim })).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringMatching(message),
  })
})
