/**
 * Writes src/tokenize/unicode.ts: where the reference tokenizers see characters otherwise than
 * JavaScript does, whose Unicode is newer.
 *
 *     npm install --prefix ~/tokenizers --ignore-scripts tokenizers@0.23.2
 *     node tools/tokenizer-unicode.mjs ~/tokenizers/node_modules/tokenizers
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const reference = createRequire(import.meta.url)(resolve(process.argv[2] ?? 'tokenizers'))
const characters = []
for (let code = 1; code < 0x110000; code++)
  if (code < 0xd800 || code > 0xdfff) characters.push(String.fromCodePoint(code))

const bert = (options) =>
  reference.bertNormalizer({
    cleanText: false,
    handleChineseChars: false,
    stripAccents: false,
    lowercase: false,
    ...options,
  })
const strip = bert({ stripAccents: true })
const clean = bert({ cleanText: true })
const punctuation = reference.bertPreTokenizer()
const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => [
  form,
  reference[`${form.toLowerCase()}Normalizer`](),
])

const isMark = (c) => strip.normalizeString(`a${c}`) === 'a'
const isPunctuation = (c) => punctuation.preTokenizeString(`a${c}b`).length === 3
const isRemoved = (c) => clean.normalizeString(`a${c}b`) === 'ab'
const isDecomposed = (c) =>
  forms.some(([form, normalizer]) => normalizer.normalizeString(c) !== c.normalize(form))

const JS_MARK = /\p{Mn}/u
const JS_PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/u
const JS_REMOVED = /[\p{Cc}\p{Cf}\p{Co}]/u
const only = (mine, theirs) => classOf(characters.filter((c) => mine(c) && !theirs(c)))

const tables = {
  MARKS_LATER: [
    'Nonspacing marks it does not know as such.',
    only((c) => JS_MARK.test(c) && c.normalize('NFD') === c, isMark),
  ],
  MARKS_BEFORE: ['Characters that are such marks in its Unicode only.', only(isMark, (c) => JS_MARK.test(c))],
  PUNCTUATION_LATER: ['Punctuation it does not know.', only((c) => JS_PUNCTUATION.test(c), isPunctuation)],
  PUNCTUATION_BEFORE: [
    'Punctuation in its Unicode only.',
    only(isPunctuation, (c) => JS_PUNCTUATION.test(c)),
  ],
  FORMAT_LATER: [
    'Control and format characters it keeps.',
    only(
      (c) => JS_REMOVED.test(c),
      (c) => isRemoved(c) || /[\t\n\r]/.test(c),
    ),
  ],
  DECOMPOSED_LATER: ['Characters it has no decomposition for.', only(isDecomposed, () => false)],
}

/** The ranges of a character class, without its brackets. */
function classOf(list) {
  const ranges = []
  for (const code of list.map((c) => c.codePointAt(0))) {
    const last = ranges.at(-1)
    if (last?.[1] === code - 1) last[1] = code
    else ranges.push([code, code])
  }
  const written = (code) =>
    code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
  return ranges.map(([from, to]) => written(from) + (to > from ? `-${written(to)}` : '')).join('')
}

const lines = Object.entries(tables).map(
  ([name, [comment, ranges]]) =>
    `/** ${comment} */\nexport const ${name} =\n  '${ranges.replaceAll('\\', '\\\\')}'\n`,
)
writeFileSync(
  new URL('../src/tokenize/unicode.ts', import.meta.url),
  `/**
 * Ranges of characters that the reference tokenizers (0.23) see otherwise than JavaScript, whose Unicode
 * is newer; for character classes with the flag \`u\`. Written by tools/tokenizer-unicode.mjs.
 */

${lines.join('\n')}`,
)
