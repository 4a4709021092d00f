// All checks, after nothing but a clone: packages, a browser, lint, types, unit tests in Node and Chromium,
// and the Playwright stories on the built demo. Ends with one line: "N passed, N failed, N skipped".
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bin, installPackages, root, run } from './run.mjs'

installPackages()
const { chromiumPath, firefoxPath, installBrowser, installDebian, webkitDriverPath } = await import(
  './browsers.mjs'
)

const total = { passed: 0, failed: 0, skipped: 0 }
const reports = join(root, '.cache', 'reports')
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

/** Counts a command as one check. */
function check(name, command, args) {
  console.log(`\n── ${name}`)
  const ok = run(command, args) === 0
  total[ok ? 'passed' : 'failed']++
  return ok
}

/** Counts what a test runner wrote to its JSON report; a runner without a report counts as one failure. */
function count(name, command, args, report, read, env) {
  console.log(`\n── ${name}`)
  const status = run(command, args, { env: { ...process.env, ...env } })
  let counted
  try {
    counted = read(JSON.parse(readFileSync(report, 'utf8')))
  } catch (error) {
    console.error(`${name}: no report (${error.message})`)
    total.failed++
    return
  }
  total.passed += counted.passed
  total.failed += counted.failed
  total.skipped += counted.skipped
  // A runner can fail outside its tests, for example on an unhandled rejection.
  if (status !== 0 && counted.failed === 0) total.failed++
}

if (!chromiumPath()) installBrowser('chromium', ['chromium'])
if (!chromiumPath()) {
  console.error('No Chrome or Chromium: install one, or set CHROMIUM_PATH to its program.')
  process.exit(1)
}
// These two widen the stories to other engines; without them their tests skip and say so.
if (!firefoxPath()) installBrowser('Firefox', ['firefox-esr', 'libvpx7'])
if (!webkitDriverPath()) installBrowser('WebKitGTK', ['webkit2gtk-driver', 'xvfb'])

// Real sites to read and to search, and Python's libraries; checks skip and say so where they are missing.
for (const [name, folder] of Object.entries({
  'git-doc': '/usr/share/doc/git/html',
  'python3.11-doc': '/usr/share/doc/python3.11/html',
  'postgresql-doc-15': '/usr/share/doc/postgresql-doc-15/html',
  // What the converter of checkpoints and the training of the bundled model run on.
  'python3-torch': '/usr/lib/python3/dist-packages/torch',
  'python3-onnx': '/usr/lib/python3/dist-packages/onnx',
  'python3-scipy': '/usr/lib/python3/dist-packages/scipy',
  'python3-sentencepiece': '/usr/lib/python3/dist-packages/sentencepiece',
  'python3-snowballstemmer': '/usr/lib/python3/dist-packages/snowballstemmer',
})) {
  if (existsSync(folder)) continue
  console.error(`Installing ${name}…`)
  if (!installDebian([name])) console.error(`${name} could not be installed.`)
}

check('lint', bin('biome'), ['check', '.'])
check('types', bin('tsc'), ['-b'])

const python = process.env.LATEEN_PYTHON ?? '/usr/bin/python3'
if (
  existsSync(python) &&
  run(python, ['-c', 'import torch, scipy, sentencepiece, snowballstemmer'], { quiet: true }) === 0
) {
  check('training', python, ['-m', 'unittest', 'discover', '-s', 'training'])
} else {
  console.error(`Training is not checked: ${python} lacks packages of training/requirements.txt.`)
  total.skipped++
}

const unit = join(reports, 'unit.json')
count(
  'unit tests (Node and Chromium)',
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${unit}`],
  unit,
  (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }),
)

if (check('build', process.execPath, ['scripts/build.mjs', 'node', 'browser', 'docs', 'demo', 'search'])) {
  check('sizes', process.execPath, ['scripts/sizes.mjs'])
  const stories = join(reports, 'stories.json')
  count(
    'stories (Playwright)',
    bin('playwright'),
    ['test', '--reporter=list,json'],
    stories,
    ({ stats }) => ({
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    }),
    { PLAYWRIGHT_JSON_OUTPUT_NAME: stories },
  )
}

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed === 0 ? 0 : 1)
