/** The chain of modules that PyLate and Sentence-Transformers save: `modules.json` and a folder for each. */
import { LateenError } from '../../errors.ts'
import type { DenseDescription, Json, JsonReader } from '../layout.ts'
import type { Activation } from '../spec.ts'
import { settingsOf } from './settings.ts'

export interface Module {
  /** The last part of its Python class. */
  readonly kind: string
  readonly type: string
  /** Empty or ending in a slash. */
  readonly folder: string
}

/**
 * @param modules what `modules.json` says
 * @param kinds   the modules a layout reads; `Dropout`, which does nothing to a trained model, is left out
 * @throws LateenError `model-invalid`, `model-unsupported`
 */
export function moduleChain(modules: Json, kinds: readonly string[]): Module[] {
  const chain = (Object.values(modules) as { type?: string; path?: string }[])
    .map(
      ({ type = '', path = '' }): Module => ({
        kind: type.split('.').at(-1)!,
        type,
        folder: path === '' ? '' : `${path.replace(/\/$/, '')}/`,
      }),
    )
    .filter(({ kind }) => kind !== 'Dropout')
  for (const { kind, type } of chain) {
    if (kind === 'Pooling') {
      throw settingsOf('modules.json', {}).unsupported(
        'names a Pooling module: this model makes one vector of a whole text. A late-interaction model, with a vector for every token, is needed',
      )
    }
    if (!kinds.includes(kind)) {
      throw settingsOf('modules.json', {}).unsupported(
        `names a module of type ${type}; ${kinds.join(', ')} are implemented`,
      )
    }
  }
  if (chain.filter(({ kind }) => kind === 'Transformer').length !== 1 || chain[0]?.kind !== 'Transformer') {
    throw settingsOf('modules.json', {}).invalid('should name a Transformer module first, and only one')
  }
  return chain
}

/** The Dense modules of a chain, checked to fit together. */
export async function readDenseChain(
  read: JsonReader,
  chain: readonly Module[],
  hiddenSize: unknown,
): Promise<DenseDescription[]> {
  const modules = chain.filter(({ kind }) => kind === 'Dense')
  const dense = await Promise.all(modules.map((module) => readDense(read, module)))
  let width = hiddenSize
  for (const [i, { inFeatures, outFeatures, folder }] of dense.entries()) {
    if (typeof width === 'number' && width !== inFeatures) {
      throw settingsOf(`${folder}config.json`, {}).invalid(
        `takes ${inFeatures} values per token, but the ${i === 0 ? 'transformer' : 'layer before it'} gives ${width}`,
      )
    }
    width = outFeatures
  }
  return dense
}

async function readDense(read: JsonReader, { folder, type }: Module): Promise<DenseDescription> {
  const path = `${folder}config.json`
  const get = settingsOf(path, await read.required(path))
  const input = get.string('module_input_name', TOKENS)
  // The Dense of Sentence-Transformers can project what is not a token; PyLate's knows no such key.
  for (const name of [input, get.string('module_output_name', input)]) {
    if (name !== TOKENS && !type.startsWith('pylate.')) {
      throw get.unsupported(`projects ${name}; only ${TOKENS} are scored`)
    }
  }
  const assumed = type.startsWith('pylate.') ? undefined : 'torch.nn.Tanh'
  const activation = get.string('activation_function', assumed)
  const known = ACTIVATIONS[activation.split('.').at(-1)!]
  if (!known) {
    throw get.unsupported(
      `asks for the activation ${activation}; ${Object.keys(ACTIVATIONS).join(', ')} are implemented`,
    )
  }
  return {
    folder,
    inFeatures: get.count('in_features'),
    outFeatures: get.count('out_features'),
    bias: get.boolean('bias', true),
    residual: get.boolean('use_residual', false),
    activation: known,
  }
}

const TOKENS = 'token_embeddings'

/** By the last part of a Python class name; a class is stored without its parameters, so these have their defaults. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Identity: 'identity',
  GELU: 'gelu',
  GELUActivation: 'gelu',
  GELUTanh: 'gelu-tanh',
  PytorchGELUTanh: 'gelu-tanh',
  NewGELUActivation: 'gelu-tanh',
  ReLU: 'relu',
  ReLU6: 'relu6',
  LeakyReLU: 'leaky-relu',
  Tanh: 'tanh',
  Sigmoid: 'sigmoid',
  SiLU: 'silu',
  SiLUActivation: 'silu',
  ELU: 'elu',
  Softplus: 'softplus',
  Mish: 'mish',
}

/** Refuses what no reader could guess: a checkpoint without a projection. */
export function noProjection(): LateenError {
  return new LateenError(
    'model-unsupported',
    'modules.json names no Dense module. Its home library would add a projection of random numbers, for training: train the model and save it again.',
  )
}
