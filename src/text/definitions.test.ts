import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

const read = (body: string) =>
  readHtml(`<body><main><h1>T</h1>${body}</main></body>`).sections.map(
    ({ headings, anchor, text }) => `${headings.join(' › ')} #${anchor} ${text.replace(/\n+/g, '|')}`,
  )

test('a function in Sphinx is a section below its heading, and the text goes on after it', () => {
  expect(
    read(`<h2 id="fs">Functions</h2><p>These are:</p><dl class="py function"><dt class="sig" id="os.join">
      <span>os.join</span>(<em>path</em>)<a class="headerlink" href="#os.join">¶</a></dt><dd><p>Joins.</p></dd></dl>
      <p>That is all.</p><h2 id="x">X</h2>`),
  ).toEqual(['Functions #fs These are:|That is all.', 'Functions › os.join(path) #os.join Joins.', 'X #x '])
})

test('methods are below their class', () => {
  expect(
    read(`<dl><dt id="C">class C</dt><dd><p>A class.</p><dl><dt id="C.a">a()</dt><dd>One.</dd><dt id="C.b">b()</dt>
      <dd>Two.</dd></dl><p>More on C.</p></dd></dl>`),
  ).toEqual(['class C #C A class.|More on C.', 'class C › a() #C.a One.', 'class C › b() #C.b Two.'])
})

test('signatures that share a definition are one section', () => {
  expect(read('<dl><dt id="a">get()</dt><dt id="b">set(value)</dt><dd>Both.</dd></dl>')).toEqual([
    'get() #a set(value)|Both.',
  ])
})

test('a term of an older generator has its anchor in a link', () => {
  expect(read('<dl><dt><a name="C-bar"><strong>bar</strong></a>(self)</dt><dd>Does.</dd></dl>')).toEqual([
    'bar(self) #C-bar Does.',
  ])
})

test('a long signature is text, and its name the heading', () => {
  const signature = `run(${Array.from({ length: 30 }, (_, i) => `argument${i}`).join(', ')})`
  expect(read(`<dl><dt id="run">${signature}</dt><dd>Runs.</dd></dl>`)).toEqual([
    `run(…) #run ${signature}|Runs.`,
  ])
})

test('settings and words of a glossary that can be linked to are sections too', () => {
  expect(
    read(`<div class="variablelist"><dl><dt id="GUC"><span class="term"><code>work_mem</code> (<code>integer</code>)
      <a id="id-1" class="indexterm"></a></span></dt><dd><p>Memory.</p></dd></dl></div>`),
  ).toEqual(['work_mem (integer) #GUC Memory.'])
})

test('terms without an anchor, footnotes and tables of contents stay what they are', () => {
  expect(read('<dl><dt>term</dt><dd>meaning</dd></dl>')).toEqual([' # term|meaning'])
  expect(
    read('<p>a</p><dl class="footnote brackets"><dt class="label" id="id1">[A]</dt><dd>note</dd></dl>'),
  ).toEqual([' # a|[A]|note'])
  expect(read('<p>a</p><dl><dt><span class="target" id="index-9"></span>PEP 1</dt><dd>b</dd></dl>')).toEqual([
    ' # a|PEP 1|b',
  ])
  expect(read('<p>a</p><dl class="toc"><dt id="x">Chapter</dt></dl>')).toEqual([' # a'])
})

test('a term without an anchor ends the definition before it', () => {
  expect(read('<p>p</p><dl><dt id="a">a</dt><dd>A</dd><dt>b</dt><dd>B</dd></dl>')).toEqual([
    ' # p|b|B',
    'a #a A',
  ])
})

test('headings inside a definition are below it', () => {
  expect(
    read('<h2>H</h2><dl><dt id="f">f()</dt><dd><h2 id="n">Notes</h2><p>n</p></dd></dl><h3 id="i">I</h3>'),
  ).toEqual(['H # ', 'H › f() #f ', 'H › f() › Notes #n n', 'H › I #i '])
})

test('definitions nested beyond all sense are read as text', () => {
  const sections = read(`${'<dl><dt id="f">f</dt><dd>'.repeat(2_000)}deep${'</dd></dl>'.repeat(2_000)}`)
  expect(sections.length).toBe(8)
  expect(sections.at(-1)).toMatch(/^f › f › f › f › f › f › f › f # f\|f\|.*deep$/s)
})
