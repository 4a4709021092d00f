/** The block of settings at the beginning of a Markdown file, YAML (`---`) or TOML (`+++`). */

export interface FrontMatter {
  /** What follows it. */
  readonly body: string
  /** Plain values by key; keys of one level below are joined by a dot, e.g. `search.exclude`. */
  readonly values: ReadonlyMap<string, string>
}

const BLOCK = /^(---|\+\+\+)[^\S\n]*\n([\s\S]*?\n)?\1[^\S\n]*(?:\n|$)/
const ENTRY = /^([^\S\n]*)(["']?)([\w.-]+)\2[^\S\n]*[:=](?:[^\S\n]+|$)(.*)$/

/**
 * Reads scalars on one line, in the block itself, below one key (`search:` and an indented `exclude: true`,
 * `[search]` in TOML) or in braces (`search: { exclude: true }`). Everything else is passed over: lists, text
 * over several lines and deeper levels say nothing that search asks for.
 *
 * @param text with `\n` at the ends of its lines
 */
export function readFrontMatter(text: string): FrontMatter {
  const [whole = '', , block = ''] = BLOCK.exec(text) ?? []
  const values = new Map<string, string>()
  let group = ''
  let indent = ''
  for (const line of block.split('\n')) {
    const table = /^\[([\w.-]+)\]\s*$/.exec(line)?.[1]
    if (table !== undefined) {
      group = `${table}.`
      continue
    }
    const [, space = '', , key, rest = ''] = ENTRY.exec(line) ?? []
    if (key === undefined) continue
    if (space === '' && !isTable(whole)) group = ''
    else if (space !== '' && indent === '') indent = space
    if (space !== '' && space !== indent) continue
    read(group + key, rest.trim())
    if (space === '' && !isTable(whole)) {
      group = `${key}.`
      indent = ''
    }
  }
  return { body: text.slice(whole.length), values }

  function read(key: string, value: string): void {
    const inBraces = /^\{(.*)\}\s*(?:#.*)?$/.exec(value)?.[1]
    if (inBraces === undefined) {
      if (!values.has(key)) values.set(key, scalar(value))
      return
    }
    for (const part of inBraces.split(',')) {
      const [, inner, innerValue = ''] = /^\s*["']?([\w.-]+)["']?\s*[:=]\s*(.*)$/.exec(part) ?? []
      if (inner !== undefined) values.set(`${key}.${inner}`, scalar(innerValue.trim()))
    }
  }
}

function isTable(block: string): boolean {
  return block.startsWith('+')
}

/** Without quotes and comments; text of a folded or literal block is on the lines below and left out. */
function scalar(value: string): string {
  const [, double, single] = /^(?:"((?:\\.|[^"])*)"|'((?:''|[^'])*)')/.exec(value) ?? []
  if (double !== undefined) return double.replace(/\\(["\\])/g, '$1')
  if (single !== undefined) return single.replaceAll("''", "'")
  const plain = value.replace(/(?:^|\s)#.*$/, '').trim()
  return /^[>|][+-]?\d*$/.test(plain) ? '' : plain
}
