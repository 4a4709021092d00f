import { expect, test } from 'vitest'
import type { Tokenization } from '../tokenize/tokenize.ts'

const MODEL = '/fixtures/family/pylate-japanese/'
const TEXTS = ['港に白い帆の船が着いた。', 'ＢＥＲＴと[MASK]　東京']

interface Parity {
  readonly queries: readonly { text: string; ids: readonly number[]; attention: readonly number[] }[]
}

test('a worker reads a Japanese tokenizer with its dictionary and gives the ids of its own library', async () => {
  const parity = (await (await fetch(`${MODEL}parity.json`)).json()) as Parity
  const queries = parity.queries.map(({ text, ids, attention }) => ({
    text,
    ids: ids.filter((_, i) => attention[i] === 1),
  }))
  const tokenized = await inWorker([...TEXTS, ...queries.map(({ text }) => text)])
  const places = tokenized
    .slice(0, 2)
    .map(({ spans }, i) => spans.map((span) => span && TEXTS[i]!.slice(span.start, span.end)))
  expect(places).toEqual([
    [undefined, '港', 'に', '白い', '帆', 'の', '船', 'が', '着い', 'た', '。', undefined],
    [undefined, 'ＢＥＲＴ', 'と', '[MASK]', '東京', undefined],
  ])
  const whole = queries.flatMap(({ ids }, i) => {
    const ours = [...tokenized[i + 2]!.ids]
    const theirs = [ids[0], ...ids.slice(2)]
    // The reference has cut what does not fit.
    return theirs.length < ours.length ? [] : [{ ours, theirs }]
  })
  expect(whole.length).toBeGreaterThan(4)
  for (const { ours, theirs } of whole) expect(ours).toEqual(theirs)
})

function inWorker(texts: readonly string[]): Promise<Tokenization[]> {
  const worker = new Worker(new URL('./tokenizer-worker.web.ts', import.meta.url), { type: 'module' })
  return new Promise<Tokenization[]>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Tokenization[]>) => resolve(data)
    worker.onerror = (event) => reject(new Error(event.message))
    worker.postMessage({ model: MODEL, texts })
  }).finally(() => worker.terminate())
}
