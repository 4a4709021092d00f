/** Checkpoints on their way from PyTorch to the runtime. Needs a Python with torch and onnx; everything else is in the repository. */
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadNodeEncoder } from '../encode/load.node.ts'
import { convertCheckpoint } from './converter.ts'
import { checkWeights } from './model-convert.ts'

const FAMILY = 'fixtures/family'
const python = [process.env['LATEEN_PYTHON'] || 'python3', '/usr/bin/python3'].find(
  (path) => spawnSync(path, ['-c', 'import torch, onnx, numpy']).status === 0,
)

const hasTransformers = python !== undefined && spawnSync(python, ['-c', 'import transformers']).status === 0

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-convert-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Text {
  readonly text: string
  readonly ids: number[]
  readonly attention: number[]
  readonly vectors: string
}

interface Parity {
  readonly queries: readonly Text[]
  readonly documents: readonly Text[]
}

describe.skipIf(!python)(
  `a converted checkpoint${python ? '' : ' (no Python with torch, onnx and numpy here)'}`,
  () => {
    const convert = (checkpoint: string, out: string, options: object = {}) =>
      convertCheckpoint({ checkpoint, out, python, standins: true, dtype: 'fp32', ...options })

    /** Texts with the ids the reference library gave them, so that no tokenizer is needed in Python. */
    async function knownTexts(name: string, { queries, documents }: Parity): Promise<string> {
      const line = (kind: string) => (known: Text) =>
        JSON.stringify({ kind, text: known.text, input_ids: known.ids, attention_mask: known.attention })
      const path = join(folder, `${name}.jsonl`)
      const some = [...queries.slice(0, 2).map(line('query')), ...documents.slice(0, 2).map(line('document'))]
      await writeFile(path, some.join('\n'))
      return path
    }

    test.each([
      ['pylate-modernbert-residual', 'beside', 40],
      ['pylate-eos', 'inside', 40],
      ['pylate-japanese', 'inside', undefined],
      ['st6-modernbert-min', 'inside', 64],
      ['stanford-bert', 'beside', undefined],
      ['stanford-xlmr', 'inside', undefined],
    ] as const)('gives the vectors of its library: %s, head %s', async (name, head, tables) => {
      const parity = JSON.parse(await readFile(join(FAMILY, name, 'parity.json'), 'utf8')) as Parity
      const out = join(folder, `${name}-${head}`)
      const lines: string[] = []
      const converted = await convert(join(FAMILY, name), out, {
        head,
        goldens: await knownTexts(name, parity),
        onLine: (line: string) => lines.push(line),
      })
      // Rotary positions are tables: no line says that sines are left in the graph.
      expect(lines.filter((line) => /sines/.test(line))).toEqual([])
      // As far as those reach is as far as texts go.
      const { positions } = JSON.parse(await readFile(join(out, 'lateen.json'), 'utf8'))
      expect(positions).toBe(tables)
      expect(lines).toContain('Exporting to ONNX')
      expect(converted.output).toBe(head === 'inside' ? 'token_embeddings' : 'contextual')
      expect(converted.inputs.includes('token_type_ids')).toBe(/-bert$|japanese/.test(name))

      const { encoder } = await loadNodeEncoder({ model: out })
      const queries = await Promise.all(parity.queries.map(({ text }) => encoder.encodeQuery(text)))
      const documents = await encoder.encodeDocuments(parity.documents.map(({ text }) => text))
      for (const [i, known] of [...parity.queries, ...parity.documents].entries()) {
        const { matrix } = [...queries, ...documents][i]!
        expect(largestDifference(matrix.data, known.vectors), known.text).toBeLessThan(1e-4)
      }
      await encoder.dispose()
    })

    test.skipIf(!hasTransformers && !process.env['LATEEN_TOKENIZERS'])(
      'has the token ids of its library in its known answers (needs transformers, or LATEEN_TOKENIZERS: the npm package tokenizers)',
      () => {
        const { stdout, stderr, status } = spawnSync(python!, ['-c', COMPARE_IDS, FAMILY], {
          encoding: 'utf8',
        })
        expect(status, stderr).toBe(0)
        const { compared, different } = JSON.parse(stdout)
        expect(different).toEqual([])
        expect(compared).toBeGreaterThan(200)
      },
      120_000,
    )

    test.skipIf(!hasTransformers)(
      'has the backbone of transformers, whatever its record was made with (needs transformers)',
      () => {
        const { stdout, stderr, status } = spawnSync(python!, ['tools/reference/witness.py', FAMILY], {
          encoding: 'utf8',
        })
        expect(status, stdout + stderr).toBe(0)
        expect(stdout.match(/^\S+ .* texts/gm)).toHaveLength(12)
      },
      120_000,
    )

    test('may be a Stanford checkpoint with a vocabulary alone, and keeps its vectors in every form of the weights', async () => {
      const checkpoint = join(folder, 'plain')
      const made = spawnSync(python!, ['-c', PLAIN_CHECKPOINT, checkpoint], { encoding: 'utf8' })
      expect(made.status, made.stderr).toBe(0)
      const texts = [
        {
          kind: 'query',
          text: 'W7 w1999,  w33',
          input_ids: [2, 4, 12, 2004, 5, 38, 3, 1],
          attention_mask: [1, 1, 1, 1, 1, 1, 1, 0],
        },
        {
          kind: 'document',
          text: 'w8 w9 w2042 w5',
          input_ids: [2, 6, 13, 14, 2047, 10, 3],
          attention_mask: [1, 1, 1, 1, 1, 1, 1],
        },
      ]
      const goldens = join(folder, 'plain.jsonl')
      await writeFile(goldens, texts.map((text) => JSON.stringify(text)).join('\n'))
      const out = join(folder, 'plain-bundle')
      const converted = await convert(checkpoint, out, { goldens, dtype: 'fp32,q8,q8-matmulnbits,fp16' })

      const bytes = Object.fromEntries(converted.weights.map((file) => [file.dtype, file.bytes]))
      for (const [dtype, share] of [
        ['q8', 0.35],
        ['q8-matmulnbits', 0.35],
        ['fp16', 0.55],
      ] as const) {
        expect(bytes[dtype]! / bytes['fp32']!, dtype).toBeLessThan(share)
      }
      for (const [dtype, least] of [
        ['fp32', 0.999999],
        ['q8', 0.998],
        ['q8-matmulnbits', 0.999],
        ['fp16', 0.9999],
      ] as const) {
        const { min_cosine, error } = await checkWeights(out, dtype, new AbortController().signal)
        expect(error, dtype).toBeUndefined()
        expect(min_cosine, dtype).toBeGreaterThan(least)
      }
    })

    test('replaces the weights of an earlier conversion', async () => {
      const out = join(folder, 'twice')
      const goldens = join(folder, 'plain.jsonl')
      await convert(join(folder, 'plain'), out, { goldens, head: 'beside' })
      await convert(join(folder, 'plain'), out, { goldens, dtype: 'q8' })
      const files = await readdir(out, { recursive: true })
      expect(files.filter((path) => /\.(onnx|safetensors)$/.test(path))).toEqual([
        join('onnx', 'model_quantized.onnx'),
      ])
    })

    test('is refused when it has no late interaction, with what was looked for', async () => {
      await writeFile(join(folder, 'config.json'), '{"architectures": ["BertModel"]}')
      await expect(convert(folder, join(folder, 'out'))).rejects.toMatchObject({
        code: 'model-unsupported',
        message: expect.stringContaining('artifact.metadata'),
      })
      await expect(convert(join(folder, 'nowhere'), join(folder, 'out'))).rejects.toMatchObject({
        code: 'bad-argument',
      })
    })

    test('can be given up', async () => {
      const controller = new AbortController()
      const converting = convert(join(folder, 'plain'), join(folder, 'out'), {
        signal: controller.signal,
        onLine: () => controller.abort(),
      })
      await expect(converting).rejects.toMatchObject({ code: 'aborted' })
    })
  },
)

describe('without what a conversion needs', () => {
  test('a Python that cannot be started is named', async () => {
    const converting = convertCheckpoint({ checkpoint: 'x', out: 'y', python: join(folder, 'no-python') })
    await expect(converting).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining('--python'),
    })
  })

  test.skipIf(process.platform === 'win32')(
    'packages that are missing are named with the command that installs them',
    async () => {
      const fake = join(folder, 'python-without-torch')
      await writeFile(fake, '#!/bin/sh\necho False torch transformers\n')
      await chmod(fake, 0o755)
      await expect(convertCheckpoint({ checkpoint: 'x', out: 'y', python: fake })).rejects.toMatchObject({
        code: 'bad-argument',
        message: expect.stringMatching(/lacks torch, transformers.* -m pip install -r .*requirements\.txt/),
      })
    },
  )
})

function largestDifference(found: Float32Array, base64: string): number {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const known = new Float32Array(bytes.buffer)
  expect(found.length).toBe(known.length)
  return known.reduce((largest, value, i) => Math.max(largest, Math.abs(value - found[i]!)), 0)
}

/** Every text of every fixture through inputs.py, beside the ids that the reference library fed its model. */
const COMPARE_IDS = `
import json, pathlib, sys
sys.path[:0] = ["tools/convert"]
sys.path.append("tools/standins")
import lazy; lazy.use()
from inputs import load_tokenizer, model_input
from layouts import read_layout
compared, different = 0, []
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if (folder / "mecab").exists(): # MeCab in Python takes no packed dictionary.
        continue
    layout = read_layout(folder)
    tokenizer = load_tokenizer(folder, layout, False)
    parity = json.loads((folder / "parity.json").read_text("utf-8"))
    for kind, known in [*(("query", text) for text in parity["queries"]), *(("document", text) for text in parity["documents"])]:
        compared += 1
        if model_input(layout, tokenizer, known["text"], kind) != (known["ids"], known["attention"]):
            different.append([folder.name, kind, known["text"]])
print(json.dumps({"compared": compared, "different": different}))
`

/** A BERT of random weights, large enough to be worth quantising, as Stanford ColBERT saves it; with vocab.txt instead of tokenizer.json. */
const PLAIN_CHECKPOINT = `
import json, pathlib, sys
sys.path.append("tools/standins")
import lazy; lazy.use()
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel
folder = pathlib.Path(sys.argv[1])
torch.manual_seed(3)
folder.mkdir()
(folder / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": 2048, "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "intermediate_size": 256, "max_position_embeddings": 32, "initializer_range": 0.1}))
model = AutoModel.from_config(AutoConfig.from_pretrained(folder))
model.save_pretrained(folder)
weights = {f"bert.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()}
save_file({**weights, "linear.weight": torch.randn(32, 64)}, folder / "model.safetensors")
config = json.loads((folder / "config.json").read_text())
(folder / "config.json").write_text(json.dumps({**config, "architectures": ["HF_ColBERT"]}))
(folder / "artifact.metadata").write_text(json.dumps({"query_maxlen": 8, "doc_maxlen": 7, "dim": 32, "query_token_id": "[unused0]", "doc_token_id": "[unused1]"}))
(folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}))
(folder / "vocab.txt").write_text("\\n".join(["[PAD]", "[MASK]", "[CLS]", "[SEP]", "[unused0]", ",", "[unused1]", "[UNK]", *[f"w{i}" for i in range(3, 2043)]]) + "\\n")
`
