// Compiles the AssemblyScript kernels and writes them, as base64, to src/score/kernels/generated.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { root } from './run.mjs'

const assembly = 'src/score/kernels/assembly'
export const generatedFile = join(root, 'src/score/kernels/generated.ts')

/**
 * Compiles one entry file of the assembly folder. A single relaxed instruction makes a module invalid
 * where relaxed SIMD is missing, which is why every entry can be compiled with and without.
 *
 * @param {string} entry file name, e.g. `maxsim.ts`
 * @param {{ relaxed: boolean }} options
 * @returns {Promise<Uint8Array>} the WebAssembly module
 */
export async function compileKernel(entry, { relaxed }) {
  /** @type {Uint8Array | undefined} */
  let module
  const { error, stderr } = await asc.main(
    [
      `${assembly}/${entry}`,
      ...['--baseDir', root, '--outFile', 'kernel.wasm'],
      ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--initialMemory', '1'],
      ...['--enable', 'simd', ...(relaxed ? ['--enable', 'relaxed-simd'] : [])],
    ],
    {
      writeFile: (_name, contents) => {
        module = /** @type {Uint8Array} */ (contents)
      },
    },
  )
  if (error || !module) throw new Error(`${entry} did not compile:\n${stderr}`, { cause: error })
  return module
}

/** The text of `generated.ts`, as the sources stand now. */
export async function renderKernels() {
  const simd = await compileKernel('maxsim.ts', { relaxed: false })
  const relaxed = await compileKernel('maxsim.ts', { relaxed: true })
  const constant = (/** @type {string} */ name, /** @type {Uint8Array} */ bytes) =>
    `/** ${bytes.length} bytes. */\nexport const ${name} =\n  '${Buffer.from(bytes).toString('base64')}'\n`
  return [
    '// Written by scripts/build-kernels.mjs from the sources in assembly/: run `npm run kernels` after changing them.\n',
    constant('SIMD_KERNEL', simd),
    constant('RELAXED_KERNEL', relaxed),
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await renderKernels()
  writeFileSync(generatedFile, text)
  console.error(`${generatedFile}: ${text.length} characters`)
}
