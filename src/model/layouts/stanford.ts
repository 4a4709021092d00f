/** The layout of Stanford's ColBERT: a transformer whose weights hold the projection, and `artifact.metadata`. */
import type { DenseDescription, Json, ModelLayout } from '../layout.ts'
import { type Settings, settingsOf } from './settings.ts'

export const PUNCTUATION: readonly string[] = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']

/** True when the transformer is saved in the class that holds the projection. */
export function isStanford({ architectures }: Json): boolean {
  return Array.isArray(architectures) && architectures.includes('HF_ColBERT')
}

/**
 * @param artifact `artifact.metadata`, or nothing: every setting has a default
 */
export function readStanford(config: Json, artifact: Json): ModelLayout {
  const get = artifactSettings(artifact)
  if (get.string('similarity', 'cosine') !== 'cosine') {
    throw get.unsupported('asks for the similarity l2; cosine is implemented')
  }
  if (get.string('interaction', 'colbert') !== 'colbert') {
    throw get.unsupported(`asks for the interaction ${get.string('interaction')}; colbert is implemented`)
  }
  const queryLength = get.count('query_maxlen', 32)
  const head = rootHead(config, get)
  return {
    folder: '',
    config,
    text: { strips: false },
    queryLength,
    documentLength: get.count('doc_maxlen', 220),
    queryMarker: get.string('query_token_id', '[unused0]'),
    documentMarker: get.string('doc_token_id', '[unused1]'),
    expansion: {
      attend: get.boolean('attend_to_mask_tokens', false),
      strategy: 'fixed',
      length: queryLength,
      tokens: ['mask_token'],
      takesPadding: true,
    },
    skiplist: {
      words: get.boolean('mask_punctuation', true) ? PUNCTUATION : [],
      ids: 'first',
      kinds: ['document'],
      dropsPadding: true,
    },
    queryPrompt: '',
    documentPrompt: '',
    dim: head.outFeatures,
    head: [head],
  }
}

/** Older checkpoints keep the settings one level down. */
export function artifactSettings(artifact: Json): Settings {
  const get = settingsOf(ARTIFACT, artifact)
  return get.has('config') ? settingsOf(ARTIFACT, get.object('config')) : get
}

export const ARTIFACT = 'artifact.metadata'

/** The projection that lies among the weights of the transformer. */
export function rootHead(config: Json, artifact: Settings): DenseDescription {
  return {
    folder: '',
    inFeatures: settingsOf('config.json', config).count('hidden_size'),
    outFeatures: artifact.count('dim', 128),
    activation: 'identity',
    bias: false,
    residual: false,
  }
}
