/** The layers of a head from the files that hold their weights. */
import { LateenError } from '../errors.ts'
import { sha256Hex } from '../util/hash.ts'
import type { BundleFiles } from './bundle-files.ts'
import type { DenseDescription } from './layout.ts'
import { openSafetensors } from './safetensors.ts'
import type { DenseLayer, ModelSpec } from './spec.ts'

/** What both libraries call the weights of a layer. */
export const HEAD_TENSOR = 'linear.weight'

export interface HeadFiles extends Pick<ModelSpec, 'head' | 'missingHead'> {
  /** All that decides what the head computes. */
  readonly identity: readonly object[]
}

/**
 * A head of which a file is missing must be part of the graph, so that it is left out here. Whether the graph
 * has it is seen when it runs.
 */
export async function readHead(files: BundleFiles, dense: readonly DenseDescription[]): Promise<HeadFiles> {
  const layers = await Promise.all(dense.map((description) => readLayer(files, description)))
  if (layers.every((layer) => layer !== undefined)) {
    return { head: layers.map(({ layer }) => layer), identity: layers.map(({ identity }) => identity) }
  }
  const { folder } = dense[layers.indexOf(undefined)]!
  const pickled = `${folder}pytorch_model.bin`
  const missingHead = (await files.has(pickled))
    ? ({
        code: 'model-unsupported',
        reason: `the layer to project them lies in ${pickled}, a Python pickle, which is not read. Save the model again as safetensors, or export the layer with the graph`,
      } as const)
    : ({
        code: 'model-invalid',
        reason: `the layer to project them is missing, ${folder}model.safetensors. Copy it along, or export the layer with the graph`,
      } as const)
  return { head: [], identity: [], missingHead }
}

interface HeadFile {
  readonly layer: DenseLayer
  readonly identity: object
}

async function readLayer(files: BundleFiles, dense: DenseDescription): Promise<HeadFile | undefined> {
  const { folder, inFeatures, outFeatures, activation, bias, residual } = dense
  const path = `${folder}model.safetensors`
  if (!(await files.has(path))) return undefined
  // Beside a transformer a layer has a folder of its own; else it is a thousandth of the transformer's file.
  const bytes = folder === '' ? undefined : await files.read(path)
  const tensors = await openSafetensors(
    async (from, to) => bytes?.subarray(from, to) ?? files.readRange(path, from, to),
    path,
  )
  const values = async (key: string, shape: readonly number[]) => {
    const tensor = await tensors.tensor(key)
    if (tensor && `${tensor.shape}` === `${shape}`) return tensor.data
    const found = tensor ? tensor.shape.join(' × ') : 'none'
    throw new LateenError(
      'model-invalid',
      `${path} should have ${shape.join(' × ')} values as ${key}, found ${found}. Take all files from one version of the model.`,
    )
  }
  const weight = await values(HEAD_TENSOR, [outFeatures, inFeatures])
  const layer: DenseLayer = {
    inFeatures,
    outFeatures,
    activation,
    weight,
    ...(bias ? { bias: await values('linear.bias', [outFeatures]) } : {}),
    ...(residual
      ? {
          residual:
            inFeatures === outFeatures
              ? ('identity' as const)
              : await values('residual.weight', [outFeatures, inFeatures]),
        }
      : {}),
  }
  const weights = sha256Hex(bytes ?? new Uint8Array(weight.buffer))
  return { layer, identity: { weights, activation, bias, residual } }
}
