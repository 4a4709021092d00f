/** Runs tools/convert/convert.py: finds it and a Python that can run it, and turns its answer into a result or an error. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, LateenError } from '../errors.ts'
import type { WeightsType } from '../model/spec.ts'
import { throwIfAborted } from '../util/abort.ts'

export interface ConvertOptions {
  /** Folder of the checkpoint. */
  readonly checkpoint: string
  /** Folder of the bundle. */
  readonly out: string
  /** Interpreter. @default 'python3' */
  readonly python?: string | undefined
  /** Forms of the weights, separated by commas. */
  readonly dtype?: string | undefined
  readonly head?: 'inside' | 'beside' | undefined
  readonly opset?: number | undefined
  /** File with the texts of the known answers. */
  readonly goldens?: string | undefined
  readonly trustRemoteCode?: boolean | undefined
  /** Stand-ins for transformers and safetensors, which a clone of the repository has. */
  readonly standins?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with every line of progress. */
  readonly onLine?: ((line: string) => void) | undefined
}

export interface Converted {
  readonly out: string
  /** What saved the checkpoint: `pylate`, `stanford` or `sentence-transformers`. */
  readonly layout: string
  readonly dim: number
  /** Names of the inputs of the graph. */
  readonly inputs: readonly string[]
  readonly output: string
  readonly weights: readonly { readonly dtype: WeightsType; readonly path: string; readonly bytes: number }[]
  /** Number of known answers. */
  readonly goldens: number
}

const SCRIPT = join('tools', 'convert', 'convert.py')
const PACKAGES = ['torch', 'onnx', 'numpy']
const REPLACEABLE = ['transformers', 'safetensors']

/**
 * @throws LateenError `bad-argument` where Python or one of its packages is missing, `aborted`, and what the
 *         script says: `model-missing-file`, `model-invalid`, `model-unsupported`
 */
export async function convertCheckpoint(options: ConvertOptions): Promise<Converted> {
  const {
    checkpoint,
    out,
    python = 'python3',
    dtype,
    head,
    opset,
    goldens,
    trustRemoteCode,
    standins,
  } = options
  const { signal, onLine } = options
  const script = scriptPath()
  await checkPython(python, script, standins ? PACKAGES : [...PACKAGES, ...REPLACEABLE], signal)
  const given = { dtype, head, opset, goldens, node: process.execPath }
  const { stdout, stderr } = await runPython(
    python,
    [
      script,
      checkpoint,
      '--json',
      `--out=${out}`,
      ...Object.entries(given).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      ),
      ...(trustRemoteCode ? ['--trust-remote-code'] : []),
      ...(standins ? ['--standins'] : []),
    ],
    { signal, onLine },
  )
  const answer = parse(stdout)
  if (answer && 'weights' in answer) return answer
  if (answer) throw new LateenError(answer.error.code, answer.error.message)
  throw new LateenError(
    'internal',
    `The converter ended without an answer: ${stderr.trim().split('\n').at(-1)}. Run ${python} ${script} to see more.`,
  )
}

/** Above the sources as above the built files. */
function scriptPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (folder !== dirname(folder)) {
    if (existsSync(join(folder, SCRIPT))) return join(folder, SCRIPT)
    folder = dirname(folder)
  }
  throw new LateenError('internal', `The package has no ${SCRIPT}. Install it again.`)
}

async function checkPython(
  python: string,
  script: string,
  packages: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const probe = `import importlib.util, sys; print(sys.version_info < (3, 9) and "python", *[p for p in sys.argv[1:] if not importlib.util.find_spec(p)])`
  const { stdout, stderr, status } = await runPython(python, ['-c', probe, ...packages], { signal })
  const [old, ...missing] = stdout.trim().split(' ')
  if (status !== 0 || old === 'python') {
    throw new LateenError(
      'bad-argument',
      `Expected Python 3.9 or newer at ${python}, found ${old === 'python' ? 'an older one' : stderr.trim().split('\n').at(-1)}. Name another with --python.`,
    )
  }
  if (missing.length === 0) return
  throw new LateenError(
    'bad-argument',
    `${python} lacks ${missing.join(', ')}, which the conversion needs. Run: ${python} -m pip install -r ${join(dirname(script), 'requirements.txt')}`,
  )
}

interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function runPython(
  python: string,
  args: readonly string[],
  { signal, onLine }: Pick<ConvertOptions, 'signal' | 'onLine'>,
): Promise<Finished> {
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      for (const line of text.split('\n')) if (line.trim()) onLine?.(line)
    })
    child.on('error', (cause) => {
      try {
        throwIfAborted(signal)
        reject(
          new LateenError(
            'bad-argument',
            `Expected Python at ${python}, but it cannot be started: ${cause.message}. Install Python 3.9 or newer, or name it with --python or LATEEN_PYTHON.`,
            { cause },
          ),
        )
      } catch (error) {
        reject(error)
      }
    })
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
}

function parse(
  stdout: string,
): Converted | { readonly error: { code: ErrorCode; message: string } } | undefined {
  try {
    return JSON.parse(stdout)
  } catch {
    // A script that fell over has answered with nothing, which is told from what it said instead.
    return undefined
  }
}
