/**
 * Which semantic floor a model needs: how strongly real queries are answered, and queries that mean
 * nothing here. The floor is the highest that leaves 199 of 200 real queries their answers; it goes into
 * the model's `lateen.json` as `semanticFloor`.
 */
import { writeIndex } from '../src/build/write-index.ts'
import { round } from '../src/cli/evaluate.ts'
import { percentile } from '../src/eval/metrics.ts'
import { nodeBackend } from '../src/node.ts'
import type { Backend } from '../src/search/backend.ts'
import { DEFAULT_INDEX } from '../src/search/engine.ts'
import { answerStrength } from '../src/search/floor.ts'
import { planQuery } from '../src/search/plan.ts'
import { semanticLeg } from '../src/search/semantic.ts'
import { openState } from '../src/search/state.ts'
import { memoryStore } from '../src/store/memory.ts'
import { seededRandom } from '../src/util/random.ts'
import { COLLECTIONS, findCollections, type NamedCollection } from './collections.ts'
import { type Machine, machine } from './machine.ts'

/** Of a hundred real queries, how many may be taken for nonsense. */
const MAX_LOST = 0.5
const PERCENTILES = [1, 5, 50, 95, 99]

interface Row {
  readonly collection: string
  readonly kind: string
  readonly queries: number
  /** Strengths at percentiles 1, 5, 50, 95 and 99. */
  readonly strength: readonly number[]
  /** Share that finds nothing at the floor below. */
  readonly without_results: number
}

export interface Floor {
  readonly machine: Machine
  readonly model: { readonly name: string; readonly fingerprint: string }
  readonly semanticFloor: number
  readonly rows: readonly Row[]
}

export async function run(): Promise<Floor> {
  const backend = await nodeBackend()(0)
  const { name, fingerprint } = backend.encoder.spec
  const measured: { collection: string; kind: string; strengths: number[] }[] = []
  for (const collection of await findCollections(COLLECTIONS)) {
    const kinds = { real: collection.collection.queries.map(({ text }) => text), ...nonsense() }
    const strengthOf = await strengths(collection, backend)
    for (const [kind, queries] of Object.entries(kinds)) {
      const all: number[] = []
      for (const query of queries) all.push(await strengthOf(query))
      measured.push({ collection: collection.name, kind, strengths: all })
    }
  }
  await backend.dispose()
  const real = measured.filter(({ kind }) => kind === 'real').map((row) => row.strengths)
  // Every collection keeps its queries, not only all of them together.
  const semanticFloor =
    Math.floor(Math.min(...real.map((values) => percentile(values, MAX_LOST))) * 100) / 100
  return {
    machine: machine(),
    model: { name, fingerprint },
    semanticFloor,
    rows: measured.map(({ collection, kind, strengths: values }) => ({
      collection,
      kind,
      queries: values.length,
      strength: PERCENTILES.map((p) => round(percentile(values, p), 3)),
      without_results: round(values.filter((value) => value < semanticFloor).length / values.length, 3),
    })),
  }
}

async function strengths({ collection }: NamedCollection, backend: Backend) {
  const store = memoryStore()
  await writeIndex({ store, documents: collection.corpus, backend, split: false, ...DEFAULT_INDEX })
  const state = await openState(store, await store.readManifest())
  const semantic = semanticLeg(async () => backend)
  return async (text: string) => {
    const plan = planQuery(state, text, { mode: 'semantic' }, 1)
    const { ranked, query, vectorsOf } = await semantic.rank(plan.text, state, plan.passagesOf, 1)
    return ranked[0] ? answerStrength(plan.text, query, await vectorsOf(ranked[0].id)) : -1
  }
}

/** Queries that no technical collection answers. */
function nonsense(): Record<string, string[]> {
  const random = seededRandom(7)
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)]!
  const several = (make: () => string, most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, make).join(' ')
  const consonants = () =>
    Array.from({ length: 4 + Math.floor(random() * 6) }, () => pick(CONSONANTS)).join('')
  return {
    keys: [
      'asdf qwer zxcv',
      ...Array.from({ length: 79 }, () => several(() => (random() < 0.6 ? pick(KEYS) : consonants()), 4)),
    ],
    'unrelated words': Array.from({ length: 80 }, () => `${pick(WORDS)} ${several(() => pick(WORDS), 3)}`),
    'unrelated questions': QUESTIONS,
    'other languages': OTHER_LANGUAGES,
  }
}

const CONSONANTS = [...'bcdfghjklmnpqrstvwxz']
const KEYS = 'asdf qwer zxcv hjkl uiop asdfgh qwerty jkl dfg cvbn tyui sdfsdf fghj lkj poiu mnbv'.split(' ')
const WORDS =
  `banana trombone velvet giraffe pancake umbrella sandal trumpet marmalade penguin sofa lipstick cucumber
  saxophone blanket donkey pillow lemonade necktie violin kangaroo spaghetti tulip bathtub mustache goldfish
  perfume teapot zebra hammock raspberry clown parachute noodle sweater peacock`.split(/\s+/)
const QUESTIONS = [
  'who won the world cup in 1998',
  'best recipe for chocolate cake with strawberries',
  'my cat refuses to eat dry food',
  'cheap flights from london to bali in august',
  'how to knit a sweater for a baby',
  'what time does the dentist open on sunday',
  'how tall is the eiffel tower',
  'is it safe to eat raw mushrooms',
  'how to get rid of snails in the garden',
  'wedding dress rental prices',
  'why is my dog scratching his ears',
  'tomorrow weather in lisbon',
  'how many calories in a banana',
  'the best horror movies of the eighties',
  'how to shave without razor burn',
  'when do tulips bloom',
  'guitar chords for beginners',
]
const OTHER_LANGUAGES = [
  'wie viele katzen leben in deutschland',
  'ich möchte heute abend ins kino gehen',
  'où se trouve la bibliothèque municipale',
  'je voudrais deux croissants',
  'dónde puedo comprar zapatos baratos',
  'mañana vamos a la playa con los niños',
  'missä on lähin ruokakauppa',
  'kitap okumayı seviyorum',
  'saya ingin makan nasi goreng',
  'gdzie jest najbliższy dworzec',
  '今日は天気がいいですね',
  '我想买一双鞋',
  'где находится ближайшая аптека',
  'я люблю читать книги',
  '안녕하세요 반갑습니다',
  'مرحبا كيف حالك',
  'שלום מה שלומך',
  'lorem ipsum dolor sit amet',
]
