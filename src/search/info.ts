import { filesOf, type Manifest } from '../segment/manifest.ts'
import type { IndexStore } from '../store/store.ts'
import type { EngineInfo, Fallback } from '../types.ts'
import { VERSION } from '../version.ts'
import type { IndexDefaults } from './changes.ts'
import type { SemanticStatus } from './lazy-meaning.ts'
import type { IndexState } from './state.ts'

/** What `info()` reports. */
export function engineInfo(
  state: IndexState,
  store: IndexStore,
  semantic: SemanticStatus,
  defaults: IndexDefaults,
): EngineInfo {
  const { manifest } = state
  const { backend, error } = semantic
  const fallbacks: readonly Fallback[] = semantic.fallbacks
  return {
    version: VERSION,
    passages: state.passages,
    documents: state.documents,
    segments: state.segments.length,
    indexBytes: indexBytes(manifest),
    residentBytes: semantic.residentBytes,
    vectors: state.segments.reduce((sum, { reference }) => sum + reference.vectors, 0),
    codec: manifest ? `${manifest.codec.kind} ${manifest.codec.bits} bit` : `residual ${defaults.bits} bit`,
    poolFactor: manifest?.pooling.factor ?? defaults.poolFactor,
    model: {
      name: backend?.encoder.spec.name ?? manifest?.model.name ?? '',
      fingerprint: backend?.encoder.spec.fingerprint ?? manifest?.model.fingerprint ?? '',
      dim: backend?.encoder.spec.dim ?? manifest?.model.dim ?? 0,
      state: semantic.state,
      bytes: backend?.encoder.bytes ?? 0,
      ...(backend
        ? {
            backend: backend.encoder.backend,
            dtype: backend.encoder.weights.dtype,
            selfTest: backend.encoder.selfTest,
          }
        : {}),
      ...(error ? { error: { code: error.code, message: error.message } } : {}),
    },
    ...(backend ? { scorer: backend.scorer.kind } : {}),
    ...(backend?.adapter ? { adapter: backend.adapter } : {}),
    fallbacks,
    storage: store.kind,
  }
}

/** Bytes of all files of an index. */
export function indexBytes(manifest: Manifest | undefined): number {
  return manifest ? filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0) : 0
}
