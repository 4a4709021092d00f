/** The manifest of a new index. */
import type { Codec } from '../compress/codec.ts'
import type { ModelSpec } from '../model/spec.ts'
import { type FileReference, FORMAT_MAJOR, FORMAT_MINOR, type Manifest } from '../segment/manifest.ts'
import { PASSAGE_POLICY } from '../text/passages.ts'

export interface NewManifest {
  readonly spec: ModelSpec
  readonly codec: Codec
  /** Present when the codec was trained for this index. */
  readonly codecFile?: FileReference
  readonly pooling: Manifest['pooling']
  /** Name of the rule that made the passages. @default the one of `splitDocument` */
  readonly policy?: string
}

/** Without segments, at revision 0: the first commit makes it 1. */
export function newManifest({
  spec,
  codec,
  codecFile,
  pooling,
  policy = PASSAGE_POLICY,
}: NewManifest): Manifest {
  return {
    format: 'lateen-index',
    version: [FORMAT_MAJOR, FORMAT_MINOR],
    revision: 0,
    model: {
      name: spec.name,
      fingerprint: spec.fingerprint,
      tokenizerHash: spec.tokenizerHash,
      dim: spec.dim,
      documentLength: spec.documentLength,
    },
    codec: {
      kind: codec.kind,
      bits: codec.kind === 'residual' ? codec.bits : { f32: 32, f16: 16, int8: 8 }[codec.kind],
      fingerprint: codec.fingerprint,
      ...(codecFile ? { file: codecFile } : {}),
    },
    pooling,
    passages: { policy, maxTokens: spec.documentLength },
    segments: [],
  }
}
