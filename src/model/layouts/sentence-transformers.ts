/**
 * The layout of Sentence-Transformers' MultiVectorEncoder: settings beside the modules they belong to,
 * markers as prompts that the tokenizer knows as tokens.
 */

import type { ExpansionRules, Json, JsonReader, ModelLayout } from '../layout.ts'
import type { TextKind } from '../spec.ts'
import { type Module, moduleChain, readDenseChain } from './modules.ts'
import { type Settings, settingsOf } from './settings.ts'

const MODULES = ['Transformer', 'Dense', 'MultiVectorMask', 'Normalize', 'HierarchicalTokenPooling']

export async function readSentenceTransformers(
  read: JsonReader,
  modules: Json,
  saved: Json,
): Promise<ModelLayout> {
  const chain = moduleChain(modules, MODULES)
  const { folder } = chain[0]!
  const settingsPath = `${folder}sentence_bert_config.json`
  const settingsOfModule = async (kind: string) => {
    const module = chain.find((one) => one.kind === kind)
    if (!module) return undefined
    const path = `${module.folder}config.json`
    return settingsOf(path, (await read.optional(path)) ?? {})
  }
  const [config, transformer = {}, tokenizer = {}, mask, normalize, pooling] = await Promise.all([
    read.required(`${folder}config.json`),
    read.optional(settingsPath),
    read.optional(`${folder}tokenizer_config.json`),
    settingsOfModule('MultiVectorMask'),
    settingsOfModule('Normalize'),
    settingsOfModule('HierarchicalTokenPooling'),
  ])
  const head = await readDenseChain(read, chain, config['hidden_size'])
  checkOrder(chain, normalize)
  const get = settingsOf(settingsPath, transformer)
  checkTransformer(get)

  const whole = expansionOf(get)
  const general = settingsOf('config_sentence_transformers.json', saved)
  const prompts = settingsOf('config_sentence_transformers.json, prompts,', general.object('prompts'))
  const similarity = general.string('similarity_fn_name', 'maxsim')
  return {
    folder,
    config,
    text: { strips: false, ...(get.boolean('do_lower_case', false) ? { lowercase: 'inside' } : {}) },
    ...lengthsOf(get, whole, () => longestInput(get, config, tokenizer)),
    // Without a mask that counts them, rows without attention are not scored, and change no other row.
    expansion: whole && (mask || whole.attend) ? whole : undefined,
    skiplist: {
      words: mask?.strings('skiplist_words', []) ?? [],
      ids: 'known',
      kinds: mask ? kindsOf(mask, 'skiplist_tasks') : [],
    },
    only: onlyIds(mask),
    // The prompts of queries and documents always exist here, so that the default prompt is never asked for.
    queryPrompt: prompts.string('query', ''),
    documentPrompt: prompts.string('document', ''),
    dim: head.at(-1)?.outFeatures ?? settingsOf(`${folder}config.json`, config).count('hidden_size'),
    head,
    ...(pooling && poolingOf(pooling)),
    ...(similarity === 'meanmaxsim' ? { similarity } : {}),
  }
}

/** Vectors have length 1 before they are pooled, and nothing changes them afterwards. */
function checkOrder(chain: readonly Module[], normalize: Settings | undefined): void {
  const kinds = chain.map(({ kind }) => kind)
  const at = kinds.indexOf('Normalize')
  const pooling = kinds.indexOf('HierarchicalTokenPooling')
  const input = normalize?.string('module_input_name', 'sentence_embedding')
  const get = settingsOf('modules.json', {})
  if (input !== 'token_embeddings') {
    throw get.unsupported('has no Normalize module for token_embeddings; vectors of length 1 are implemented')
  }
  if (kinds.lastIndexOf('Dense') > at || (pooling >= 0 && pooling !== kinds.length - 1)) {
    throw get.unsupported(
      `orders its modules as ${kinds.join(', ')}; Dense before Normalize, and pooling last, are implemented`,
    )
  }
}

function checkTransformer(get: Settings): void {
  const task = get.string('transformer_task', 'feature-extraction')
  if (task !== 'feature-extraction') {
    throw get.unsupported(`asks for the transformer_task ${task}; feature-extraction is implemented`)
  }
  if ('message' in get.object('modality_config')) {
    throw get.unsupported('puts texts into a chat template; plain text is implemented')
  }
  const kwargs = get.object('processing_kwargs')
  for (const key of Object.keys({ ...(kwargs['common'] ?? {}), ...(kwargs['text'] ?? {}) })) {
    if (!['max_length', 'padding', 'return_tensors'].includes(key)) {
      throw get.unsupported(`sets ${key} in processing_kwargs; max_length is implemented`)
    }
  }
}

function lengthsOf(get: Settings, expansion: ExpansionRules | undefined, longest: () => number) {
  const given = (get.object('processing_kwargs')['text'] as Json | undefined)?.['max_length']
  const lengthOf = (key: string) =>
    typeof given === 'number' ? given : get.has(key) ? get.count(key) : longest()
  return {
    // The length of a fixed expansion is floor and ceiling; of the other one it is only the floor.
    queryLength: expansion?.strategy === 'fixed' ? expansion.length : lengthOf('query_length'),
    documentLength: lengthOf('document_length'),
  }
}

/** The most tokens the tokenizer lets through where no length is set. */
function longestInput(get: Settings, config: Json, tokenizer: Json): number {
  if (get.has('max_seq_length')) return get.count('max_seq_length')
  const limits = [tokenizer['model_max_length'], config['max_position_embeddings']].filter(
    // Either can be a number that means none.
    (limit) => typeof limit === 'number' && limit > 0 && limit < 1e9,
  ) as number[]
  if (limits.length > 0) return Math.min(...limits)
  throw get.invalid(
    'should have a query_length and a document_length: nothing else says how long texts may be',
  )
}

function expansionOf(get: Settings): ExpansionRules | undefined {
  if (!get.has('query_expansion')) return undefined
  const rules = settingsOf('sentence_bert_config.json, query_expansion,', get.object('query_expansion'))
  const strategy = rules.string('strategy')
  if (strategy !== 'fixed' && strategy !== 'min') {
    throw rules.invalid(`should have fixed or min as strategy, found ${JSON.stringify(strategy)}`)
  }
  const length = rules.count('length')
  if (get.has('query_length') && get.count('query_length') < length) {
    throw rules.invalid(
      `expands queries to ${length} tokens, but query_length cuts them to ${get.count('query_length')}`,
    )
  }
  return {
    strategy,
    length,
    attend: rules.boolean('attend', false),
    tokens: ['mask_token', 'eos_token'],
    ...(rules.has('token') ? { token: rules.string('token') } : {}),
  }
}

function kindsOf(get: Settings, key: string): readonly TextKind[] {
  const tasks = typeof get.json[key] === 'string' ? [get.string(key)] : get.strings(key, ['document'])
  return (['query', 'document'] as const).filter((kind) => tasks.includes(kind))
}

function onlyIds(mask: Settings | undefined): readonly number[] | undefined {
  const ids = mask?.json['keep_only_token_ids'] ?? []
  if (Array.isArray(ids) && ids.every(Number.isSafeInteger)) return ids.length > 0 ? ids : undefined
  throw mask!.invalid(`should have a list of ids as keep_only_token_ids, found ${JSON.stringify(ids)}`)
}

function poolingOf(get: Settings): Pick<ModelLayout, 'pooling'> {
  const kinds = kindsOf(get, 'tasks')
  const factor = get.count('pool_factor', 1)
  if (factor === 1) return {}
  if (kinds.includes('query')) throw get.unsupported('pools queries; pooling of documents is implemented')
  const protectedTokens = get.json['num_protected_tokens'] === 0 ? 0 : get.count('num_protected_tokens', 1)
  return kinds.includes('document') ? { pooling: { factor, protectedTokens } } : {}
}
