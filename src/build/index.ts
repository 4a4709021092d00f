/** What an engine needs to add documents, loaded on the first change. */
export { fileReference } from '../segment/write.ts'
export { encodeSegments } from './build.ts'
export { codecForGrowingIndex, indexPooling } from './codec.ts'
export { newManifest } from './manifest.ts'
export { prepareDocuments } from './prepare.ts'
