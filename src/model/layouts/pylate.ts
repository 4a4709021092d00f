/** The layout of PyLate: settings in config_sentence_transformers.json, markers and expansion by id. */
import type { Json, JsonReader, ModelLayout } from '../layout.ts'
import { moduleChain, noProjection, readDenseChain } from './modules.ts'
import { type Settings, settingsOf } from './settings.ts'
import { ARTIFACT, artifactSettings, isStanford, PUNCTUATION, rootHead } from './stanford.ts'

export async function readPyLate(read: JsonReader, modules: Json, saved: Json): Promise<ModelLayout> {
  // It drops whatever is neither Transformer nor Dense, and normalises in any case.
  const chain = moduleChain(modules, ['Transformer', 'Dense', 'Normalize'])
  const { folder } = chain[0]!
  const [config, transformer = {}] = await Promise.all([
    read.required(`${folder}config.json`),
    read.optional(`${folder}sentence_bert_config.json`),
  ])
  let head = await readDenseChain(read, chain, config['hidden_size'])
  let settings = saved
  if (head.length === 0) {
    if (!isStanford(config)) throw noProjection()
    const artifact = artifactSettings((await read.optional(ARTIFACT)) ?? {})
    head = [rootHead(config, artifact)]
    settings = { ...fromArtifact(artifact), ...withoutNulls(saved) }
  }
  const get = settingsOf('config_sentence_transformers.json', settings)
  const queryLength = get.count('query_length', 32)
  const markers = [get.string('query_prefix', '[Q] '), get.string('document_prefix', '[D] ')] as const
  return {
    folder,
    config,
    text: {
      strips: true,
      ...(transformer['do_lower_case'] === true ? { lowercase: 'first' as const } : {}),
      // Both are added to the tokenizer when the model is loaded, also where the vocabulary has them already.
      added: markers.filter((marker) => marker !== ''),
    },
    queryLength,
    documentLength: get.count('document_length', 180),
    queryMarker: markers[0],
    documentMarker: markers[1],
    expansion: get.boolean('do_query_expansion', true)
      ? {
          attend: get.boolean('attend_to_expansion_tokens', false),
          strategy: 'fixed',
          length: queryLength,
          tokens: ['mask_token', 'eos_token', 'pad_token'],
        }
      : undefined,
    skiplist: { words: get.strings('skiplist_words', PUNCTUATION), ids: 'string', kinds: ['document'] },
    queryPrompt: promptFor(['query'], settings),
    documentPrompt: promptFor(['document', 'passage', 'corpus'], settings),
    dim: head.at(-1)!.outFeatures,
    head,
  }
}

/**
 * PyLate's caller names the prompt, or gets the default one. The names are those by which
 * Sentence-Transformers asks for the prompts of queries and documents.
 */
function promptFor(names: readonly string[], settings: Json): string {
  const get = settingsOf('config_sentence_transformers.json', settings)
  const prompts = settingsOf('config_sentence_transformers.json, prompts,', get.object('prompts'))
  const name = [...names, get.string('default_prompt_name', '')].find(prompts.has)
  return name === undefined ? '' : prompts.string(name)
}

/** What PyLate takes from Stanford's settings, where its own say nothing. */
function fromArtifact({ json }: Settings): Json {
  return {
    query_prefix: json['query_token_id'] ?? '[unused0]',
    document_prefix: json['doc_token_id'] ?? '[unused1]',
    query_length: json['query_maxlen'],
    document_length: json['doc_maxlen'],
    attend_to_expansion_tokens: json['attend_to_mask_tokens'],
  }
}

function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
}
