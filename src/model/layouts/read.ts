/** Tells a layout by its files, and reads it. */
import { loadCode } from '../../util/load-code.ts'
import type { JsonReader, ModelLayout } from '../layout.ts'
import { readPyLate } from './pylate.ts'
import { ARTIFACT, isStanford, readStanford } from './stanford.ts'

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, and `model-unsupported` for modules, activations
 *         and similarities that are not implemented
 */
export async function readLayout(read: JsonReader): Promise<ModelLayout> {
  let modules = await read.optional('modules.json')
  if (!modules) {
    const [config, artifact] = await Promise.all([read.optional('config.json'), read.optional(ARTIFACT)])
    if (config && (artifact || isStanford(config))) return readStanford(config, artifact ?? {})
    modules = await read.required('modules.json')
  }
  const settings = await read.required('config_sentence_transformers.json')
  if (settings['model_type'] !== 'MultiVectorEncoder') return readPyLate(read, modules, settings)
  const { readSentenceTransformers } = await loadCode(() => import('./sentence-transformers.ts'))
  return readSentenceTransformers(read, modules, settings)
}
