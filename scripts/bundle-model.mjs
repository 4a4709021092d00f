/**
 * Writes lateen.json of a model bundle: every file with its length and SHA-256, so that readers can
 * tell a wrong or truncated file and keep files by content. Run it again after any file changed;
 * other keys of an existing lateen.json stay.
 *
 *   node scripts/bundle-model.mjs public/models/lateen-mini
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const MANIFEST = 'lateen.json'
const folder = process.argv[2]
if (!folder) {
  console.error('usage: node scripts/bundle-model.mjs <model folder>')
  process.exit(1)
}
const target = join(folder, MANIFEST)
const previous = existsSync(target)
  ? JSON.parse(readFileSync(target, 'utf8'))
  : { name: basename(resolve(folder)) }
const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== MANIFEST && !entry.name.endsWith('.md'))
  .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
  .sort()
const files = Object.fromEntries(
  paths.map((path) => {
    const bytes = readFileSync(join(folder, path))
    return [path, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]
  }),
)
writeFileSync(
  target,
  `${JSON.stringify({ ...previous, format: 'lateen-model', version: 1, files }, null, 2)}\n`,
)
console.error(`${target}: ${paths.length} files`)
