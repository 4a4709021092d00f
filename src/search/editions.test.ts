import { expect, test, vi } from 'vitest'
import { LateenError } from '../errors.ts'
import { createLexicalIndex } from '../lexical/lexical.ts'
import type { HitList } from '../types.ts'
import { editions } from './editions.ts'
import type { IndexState, OpenSegment } from './state.ts'

/** A snapshot of an index of one segment that is told by one letter. */
function edition(letter: string): IndexState {
  const file = (extension: string) => ({ file: `${letter}.${extension}`, bytes: 1, sha256: letter })
  const reference = { vectorFile: file('vectors'), textFile: file('text'), lexicalFile: file('lexical') }
  const segments = [{ reference }] as unknown as OpenSegment[]
  return {
    manifest: undefined,
    segments,
    lexical: createLexicalIndex(),
    passages: 1,
    documents: 1,
    segmentOf: () => segments[0]!,
    find: () => undefined,
  }
}

const nameOf = (index: IndexState) => index.segments[0]!.reference.textFile.file
const gone = () => new LateenError('segment-missing', 'It is gone.')
const list = (note: string, code?: 'segment-missing' | 'network'): HitList => ({
  stage: 'lexical',
  final: true,
  hits: [],
  timings: { totalMs: 0 },
  ...(code ? { degraded: { code, message: note } } : {}),
})

/** An index at `now`, whose host has `deployed`. */
function deployed(now: string, next: string) {
  let state = edition(now)
  const refresh = vi.fn(async () => {
    state = edition(next)
  })
  return { refresh, ...editions(() => state, refresh) }
}

async function all(lists: AsyncIterable<HitList>): Promise<HitList[]> {
  const found: HitList[] = []
  for await (const one of lists) found.push(one)
  return found
}

test('what fails because files are gone is done with the next edition', async () => {
  const { run } = deployed('a', 'b')
  const work = async (index: IndexState) => {
    if (nameOf(index) === 'a.text') throw gone()
    return nameOf(index)
  }
  expect(await run(work)).toBe('b.text')
})

test('a query whose keywords are gone is asked of the next edition', async () => {
  const { lists } = deployed('a', 'b')
  const found = await all(
    lists(async function* (index) {
      if (nameOf(index) === 'a.text') throw gone()
      yield list(nameOf(index))
    }),
  )
  expect(found).toEqual([list('b.text')])
})

test('an answer without some of its texts is left for one of the next edition', async () => {
  const { lists } = deployed('a', 'b')
  const found = await all(
    lists(async function* (index) {
      yield nameOf(index) === 'a.text' ? list('a', 'segment-missing') : list('b')
      yield list('last')
    }),
  )
  expect(found).toEqual([list('b'), list('last')])
})

test('where there is no other edition, what is missing is told, after one look', async () => {
  const { run, lists, refresh } = deployed('a', 'a')
  await expect(run(async () => Promise.reject(gone()))).rejects.toMatchObject({ code: 'segment-missing' })
  expect(refresh).toHaveBeenCalledTimes(1)
  const answer = async function* () {
    yield list('some are left out', 'segment-missing')
  }
  expect(await all(lists(answer))).toEqual([list('some are left out', 'segment-missing')])
  expect(refresh).toHaveBeenCalledTimes(2)
})

test('where the manifest cannot be read, the first failure is the one that is told', async () => {
  const state = edition('a')
  const { run } = editions(
    () => state,
    async () => {
      throw new LateenError('network', 'Offline.')
    },
  )
  await expect(run(async () => Promise.reject(gone()))).rejects.toMatchObject({ code: 'segment-missing' })
})

test('other failures are no reason to look', async () => {
  const { run, lists, refresh } = deployed('a', 'b')
  const offline = () => Promise.reject(new LateenError('network', 'Offline.'))
  await expect(run(offline)).rejects.toMatchObject({ code: 'network' })
  const answer = async function* () {
    yield list('offline', 'network')
  }
  expect(await all(lists(answer))).toEqual([list('offline', 'network')])
  expect(refresh).not.toHaveBeenCalled()
})
