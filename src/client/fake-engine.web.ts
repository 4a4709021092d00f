/** An engine for tests, without index and model: the text of a query says what becomes of it. */
import { LateenError } from '../errors.ts'
import type { Engine } from '../search/engine.ts'
import type { ChangeSummary, EngineInfo, HitList, OnProgress } from '../types.ts'
import type { HostOptions } from './protocol.ts'

export function fakeEngine(options: HostOptions, onProgress?: OnProgress): Engine {
  let aborted = 0
  let closed = false

  const forever = (signal: AbortSignal | undefined) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        aborted++
        reject(new LateenError('aborted', 'Stopped in the worker.'))
      })
    })

  async function answer(text: string, signal: AbortSignal | undefined): Promise<HitList> {
    if (text === 'hang') await forever(signal)
    if (text === 'die') close()
    if (text === 'throw later')
      setTimeout(() => {
        throw new Error('thrown later')
      })
    if (text === 'die' || text === 'throw later') await forever(signal)
    if (text === 'fail')
      throw new LateenError('segment-corrupt', 'Expected A, found B.', { cause: new Error('why') })
    if (text === 'fail strangely') throw new TypeError('a defect')
    if (text === 'model') onProgress?.({ job: 'model', stage: 'weights', done: 1, unit: 'bytes' })
    return list(text, 'fused', true)
  }

  async function change(done: readonly unknown[], report?: OnProgress): Promise<ChangeSummary> {
    for (let i = 1; i <= done.length; i++) {
      report?.({ job: 'indexing', stage: 'encode', done: i, total: done.length, unit: 'passages' })
    }
    return { documents: done.length, passages: done.length, vectors: 0, skipped: [] }
  }

  return {
    info: () => ({
      ...INFO,
      passages: aborted,
      codec: closed ? 'closed' : options.name,
      storage: options.persist ? 'indexeddb' : 'memory',
    }),
    prepare: async () => undefined,
    async *stream(text, query) {
      yield list(text, 'lexical', false)
      yield await answer(text, query?.signal)
    },
    query: (text, query) => answer(text, query?.signal),
    explain: async (text, { id, passage }) => ({
      id,
      passage,
      score: 1,
      queryTokens: [],
      title: text,
      heading: '',
      text: '',
      tokens: [],
    }),
    detail: async ({ id, passage }) => ({
      documentId: id,
      ordinal: passage,
      title: '',
      headings: [],
      url: '',
      text: '',
      metadata: {},
      details: {},
      passages: 1,
    }),
    add: (documents, { onProgress: report } = {}) => change(documents, report),
    update: async (documents, { signal } = {}) => {
      // Finishes what it began: the abort came too late.
      await forever(signal).catch(() => undefined)
      return change(documents)
    },
    remove: (ids) => change(ids),
    encode: async (texts) =>
      texts.map((text) => ({
        matrix: {
          data: Float32Array.from(text, (letter) => letter.charCodeAt(0)),
          numTokens: text.length,
          dim: 1,
        },
        tokens: [...text],
        spans: Array.from(text, (_, start) => ({ start, end: start + 1 })),
        rows: Uint32Array.from(text, (_, row) => row),
      })),
    rerank: async (_, documents) =>
      documents.map((_, index) => ({ index, id: String(index), score: 0, spans: [] })),
    filters: async () => ({}),
    keepOffline: async () => 0,
    refresh: async () => undefined,
    async close() {
      closed = true
    },
  }
}

function list(text: string, stage: HitList['stage'], final: boolean): HitList {
  const hit = {
    id: text,
    passage: 0,
    url: '',
    title: text,
    headings: [],
    score: 1,
    legs: [],
    excerpt: [],
    metadata: {},
    sections: [],
  }
  return { stage, final, hits: [hit], timings: { totalMs: 0 } }
}

const INFO: EngineInfo = {
  version: '0',
  passages: 0,
  documents: 0,
  segments: 0,
  indexBytes: 0,
  residentBytes: 0,
  vectors: 0,
  codec: '',
  poolFactor: 1,
  model: { name: '', fingerprint: '', dim: 0, state: 'unloaded', bytes: 0 },
  fallbacks: [],
  storage: 'indexeddb',
}
