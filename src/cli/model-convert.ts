/** `lateen model convert`: a bundle from a PyTorch checkpoint, checked by the runtime that will load it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { LateenError } from '../errors.ts'
import type { WeightsType } from '../model/spec.ts'
import { jsonOption, wholeNumber } from './arguments.ts'
import { checkBackends, type Failure } from './check-model.ts'
import { type Converted, convertCheckpoint } from './converter.ts'
import { createOutput, formatBytes, plural, printFailure, table } from './output.ts'

interface Options {
  readonly out: string
  readonly dtype: string
  readonly head: 'inside' | 'beside'
  readonly opset?: number
  readonly goldens?: string
  readonly trustRemoteCode?: boolean
  readonly python?: string
  readonly standins?: boolean
  readonly json?: boolean
}

const DTYPES = ['fp32', 'q8', 'q8-matmulnbits', 'fp16']

export function addConvertCommand(model: Command, signal: AbortSignal): void {
  model
    .command('convert')
    .description('Make a model bundle from a PyTorch checkpoint; needs Python with torch and transformers')
    .argument('<checkpoint>', 'folder saved by PyLate, Stanford ColBERT or Sentence-Transformers 6')
    .requiredOption('--out <dir>', 'folder of the bundle; weights of an earlier one are replaced')
    .addOption(
      new Option('--dtype <types>', `forms of the weights, separated by commas: ${DTYPES.join(', ')}`)
        .argParser(knownTypes)
        .default('fp32,q8,q8-matmulnbits'),
    )
    .addOption(
      new Option('--head <where>', 'the projection inside the graph, or beside it')
        .choices(['inside', 'beside'])
        .default('inside'),
    )
    .addOption(
      new Option('--opset <n>', 'version of the ONNX operators (default: 17)').argParser(wholeNumber(17, 23)),
    )
    .option('--goldens <file>', 'JSON lines {"kind": "query" or "document", "text"} for the known answers')
    .option('--trust-remote-code', 'run model code that comes with the checkpoint')
    .addOption(new Option('--python <path>', 'Python (default: python3)').env('LATEEN_PYTHON'))
    .addOption(new Option('--standins').hideHelp())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Every file of weights is run here and compared with the vectors PyTorch computed.

With --json: {"ok", "folder", "layout", "dim", "inputs", "output", "goldens",
"weights": [{dtype, path, bytes, min_cosine, error?}]}.

Examples:
  $ lateen model convert checkpoints/my-colbert --out public/models/my-colbert
  $ lateen model convert checkpoints/my-colbert --out models/small --dtype q8 --python .venv/bin/python`,
    )
    .action(async (checkpoint: string, options: Options) => {
      const output = createOutput(options)
      const say = (line: string) => process.stderr.write(`${line}\n`)
      const converted = await convertCheckpoint({ ...options, checkpoint, signal, onLine: say })
      const weights: CheckedWeights[] = []
      for (const file of converted.weights) {
        say(`Checking ${file.path}`)
        weights.push({ ...file, ...(await checkWeights(options.out, file.dtype, signal)) })
      }
      const failed = weights.find(({ error }) => error)?.error
      const { out: folder, ...about } = converted
      output.result({ ok: !failed, folder, ...about, weights }, () => text(converted, weights))
      if (!failed) return
      printFailure(new LateenError(failed.code, failed.message), false)
      process.exitCode = 1
    })
}

function knownTypes(types: string): string {
  const unknown = types.split(',').filter((type) => !DTYPES.includes(type.trim()))
  if (unknown.length === 0) return types
  throw new InvalidArgumentError(`Expected some of ${DTYPES.join(', ')}.`)
}

interface WeightsCheck {
  /** Smallest cosine of a token vector to that of PyTorch, over all backends; null when one failed. */
  readonly min_cosine: number | null
  readonly error?: Failure
}

type CheckedWeights = Converted['weights'][number] & WeightsCheck

/** Runs one file of weights against the known answers, on every backend that is installed here. */
export async function checkWeights(
  model: string,
  dtype: WeightsType,
  signal: AbortSignal,
): Promise<WeightsCheck> {
  const checks = await checkBackends(model, { dtype, signal })
  const failed = checks.find(({ error }) => error)
  if (!failed?.error) return { min_cosine: Math.min(...checks.map((check) => check.min_cosine ?? -1)) }
  const { code, message } = failed.error
  const advice = code === 'model-self-test-failed' ? ' Leave them out with --dtype.' : ''
  return {
    min_cosine: null,
    error: { code, message: `The ${dtype} weights fail on ${failed.backend}. ${message}${advice}` },
  }
}

function text({ out, layout, dim, goldens }: Converted, weights: readonly CheckedWeights[]): string {
  return [
    `${out}: ${dim} dimensions, from a ${layout} checkpoint, checked with ${plural(goldens, 'text')}`,
    table(
      weights.map(({ path, bytes, min_cosine }) => [
        path,
        formatBytes(bytes),
        min_cosine === null ? 'WRONG' : `min cosine ${min_cosine}`,
      ]),
    ),
    `Next: lateen index <site> --model ${out}`,
  ].join('\n')
}
