/** The vectors of a segment, opened with the codec they are stored in. Loaded with the semantic leg. */
import type { Codec, ResidualBits } from '../compress/codec.ts'
import { readCodecFile } from '../compress/codec-file.ts'
import { plainCodec } from '../compress/plain.ts'
import { LateenError } from '../errors.ts'
import {
  checkCompatible,
  type FileReference,
  type Manifest,
  type SegmentReference,
} from '../segment/manifest.ts'
import { openVectorSegment } from '../segment/read-vectors.ts'
import type { VectorSegment } from '../segment/segment.ts'
import { verifySource } from '../store/source.ts'
import type { ByteSource, IndexStore } from '../store/store.ts'
import type { Backend } from './backend.ts'

export interface OpenVectors {
  readonly segment: VectorSegment
  /** numPassages + 1 running vector counts. */
  readonly offsets: Uint32Array
}

/** Verifies and opens. Fails with `index-model-mismatch`, `segment-corrupt`, `segment-missing`, `network`. */
export async function openVectors(
  store: IndexStore,
  manifest: Manifest,
  reference: SegmentReference,
  backend: Backend,
): Promise<OpenVectors> {
  const codec = await codecOf(store, manifest, backend)
  const source = await openVerified(store, reference.vectorFile)
  const segment = await openVectorSegment(source, codec, manifest, reference)
  return { segment, offsets: await segment.readOffsets() }
}

/** The codec of an index, checked against its manifest. Fails with `index-model-mismatch`. */
export async function codecOf(store: IndexStore, manifest: Manifest, backend: Backend): Promise<Codec> {
  const { kind, bits, file } = manifest.codec
  const { spec } = backend.encoder
  let codec: Codec
  if (kind !== 'residual') codec = plainCodec(kind, manifest.model.dim)
  else if (file) codec = readCodecFile(await readVerified(store, file))(bits as ResidualBits)
  else if (backend.modelCodec) codec = backend.modelCodec(bits as ResidualBits)
  else {
    throw new LateenError(
      'index-model-mismatch',
      `The index relies on a codec that comes with its model ${manifest.model.name}, and ${spec.name} brings none. Load the model it was built with, or rebuild the index.`,
    )
  }
  checkCompatible(manifest, { ...spec, codecFingerprint: codec.fingerprint })
  return codec
}

async function readVerified(store: IndexStore, file: FileReference): Promise<Uint8Array> {
  return (await openVerified(store, file)).read(0, file.bytes)
}

async function openVerified(store: IndexStore, file: FileReference): Promise<ByteSource> {
  const source = await store.open(file)
  await verifySource(source, file)
  return source
}
