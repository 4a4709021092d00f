/**
 * The folder layout of PyLate and Sentence-Transformers, read into plain data. Another layout is
 * another reader of the same kind; nothing after it knows which one there was.
 */
import { LateenError } from '../errors.ts'
import type { DenseLayer } from './model.ts'

/** What a layout says, before words become ids and files are loaded. */
export interface ModelLayout {
  readonly hiddenSize: number
  readonly queryLength: number
  readonly documentLength: number
  /** Vocabulary strings; empty inserts nothing. */
  readonly queryMarker: string
  readonly documentMarker: string
  readonly expansion: { readonly attend: boolean } | undefined
  readonly skiplist: readonly string[]
  readonly queryPrompt: string
  readonly documentPrompt: string
  readonly lowercase: boolean
  /** Folder of the tokenizer, empty or ending in a slash. */
  readonly folder: string
  readonly dense: readonly DenseDescription[]
}

export interface DenseDescription extends Pick<DenseLayer, 'inFeatures' | 'outFeatures' | 'activation'> {
  /** Folder of its weights, ending in a slash. */
  readonly folder: string
  readonly bias: boolean
  readonly residual: boolean
}

/** Reads a JSON object of the bundle; undefined when the file is optional and absent. */
export interface JsonReader {
  required(path: string): Promise<Json>
  optional(path: string): Promise<Json | undefined>
}

export type Json = Readonly<Record<string, unknown>>

// What PyLate assumes for keys that a checkpoint does not set.
const DEFAULTS = {
  query_prefix: '[Q] ',
  document_prefix: '[D] ',
  query_length: 32,
  document_length: 180,
  do_query_expansion: true,
  attend_to_expansion_tokens: false,
  skiplist_words: [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
}

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, and `model-unsupported` for modules and
 *         activations that are not implemented
 */
export async function readLayout(read: JsonReader): Promise<ModelLayout> {
  const [modules, settings] = await Promise.all([
    read.required('modules.json'),
    read.required('config_sentence_transformers.json'),
  ])
  const chain = Object.values(modules) as { type?: string; path?: string }[]
  const folders = new Map<string, string[]>()
  for (const { type = '', path = '' } of chain) {
    const kind = type.split('.').at(-1)!
    if (!['Transformer', 'Dense', 'Normalize'].includes(kind)) {
      throw new LateenError(
        'model-unsupported',
        `modules.json names a module of type ${type}; Transformer, Dense and Normalize are implemented.`,
      )
    }
    folders.set(kind, [...(folders.get(kind) ?? []), path === '' ? '' : `${path.replace(/\/$/, '')}/`])
  }
  const folder = folders.get('Transformer')?.[0]
  if (folder === undefined) throw invalid('modules.json', 'names no Transformer module')
  const [config, transformer, dense] = await Promise.all([
    read.required(`${folder}config.json`),
    read.optional(`${folder}sentence_bert_config.json`),
    Promise.all((folders.get('Dense') ?? []).map((path) => readDense(read, path))),
  ])
  checkChain(dense)
  const get = reader('config_sentence_transformers.json', { ...DEFAULTS, ...settings })
  const expands = get.boolean('do_query_expansion')
  return {
    hiddenSize: reader(`${folder}config.json`, config).count('hidden_size'),
    queryLength: get.count('query_length'),
    documentLength: get.count('document_length'),
    queryMarker: get.string('query_prefix'),
    documentMarker: get.string('document_prefix'),
    expansion: expands ? { attend: get.boolean('attend_to_expansion_tokens') } : undefined,
    skiplist: get.strings('skiplist_words'),
    queryPrompt: promptFor('query', settings),
    documentPrompt: promptFor('document', settings),
    lowercase: transformer?.['do_lower_case'] === true,
    folder,
    dense,
  }
}

function promptFor(kind: string, settings: Json): string {
  const prompts = (settings['prompts'] ?? {}) as Record<string, unknown>
  const prompt = prompts[kind] ?? prompts[String(settings['default_prompt_name'])] ?? ''
  return typeof prompt === 'string' ? prompt : ''
}

async function readDense(read: JsonReader, folder: string): Promise<DenseDescription> {
  const path = `${folder}config.json`
  const get = reader(path, { bias: true, use_residual: false, ...(await read.required(path)) })
  return {
    folder,
    inFeatures: get.count('in_features'),
    outFeatures: get.count('out_features'),
    bias: get.boolean('bias'),
    residual: get.boolean('use_residual'),
    activation: activationOf(path, get.string('activation_function')),
  }
}

/** The last part of a Python class name, as Sentence-Transformers stores it. */
const ACTIVATIONS: Readonly<Record<string, DenseLayer['activation']>> = {
  Identity: 'identity',
  GELU: 'gelu',
  ReLU: 'relu',
  Tanh: 'tanh',
  SiLU: 'silu',
}

function activationOf(path: string, name: string): DenseLayer['activation'] {
  const activation = ACTIVATIONS[name.split('.').at(-1)!]
  if (activation) return activation
  throw new LateenError(
    'model-unsupported',
    `${path} asks for the activation ${name}; ${Object.keys(ACTIVATIONS).join(', ')} are implemented.`,
  )
}

function checkChain(dense: readonly DenseDescription[]): void {
  for (const [i, layer] of dense.entries()) {
    const before = dense[i - 1]
    if (before && before.outFeatures !== layer.inFeatures) {
      throw invalid(
        `${layer.folder}config.json`,
        `takes ${layer.inFeatures} values per token, but the layer before it gives ${before.outFeatures}`,
      )
    }
  }
}

/** Typed access to the keys of a JSON object. */
function reader(path: string, json: Json) {
  const expect = <T>(key: string, what: string, test: (value: unknown) => boolean): T => {
    const value = json[key]
    if (!test(value)) throw invalid(path, `should have ${what} as ${key}, found ${JSON.stringify(value)}`)
    return value as T
  }
  return {
    count: (key: string) =>
      expect<number>(key, 'a positive whole number', (v) => Number.isSafeInteger(v) && (v as number) > 0),
    boolean: (key: string) => expect<boolean>(key, 'true or false', (v) => typeof v === 'boolean'),
    // Python writes null where a marker is switched off.
    string: (key: string) =>
      expect<string | null>(key, 'a string', (v) => v === null || typeof v === 'string') ?? '',
    strings: (key: string) =>
      expect<string[]>(
        key,
        'a list of strings',
        (v) => Array.isArray(v) && v.every((s) => typeof s === 'string'),
      ),
  }
}

function invalid(path: string, what: string): LateenError {
  return new LateenError('model-invalid', `${path} ${what}. Copy the model again, or mend the file.`)
}
