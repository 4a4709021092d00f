import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

/** Heading and anchor of the sections below the title. */
const sections = (body: string) =>
  readHtml(`<body><main><h1>T</h1>${body}</main></body>`).sections.map(
    ({ headings, anchor }) => `${headings.at(-1)}#${anchor}`,
  )

test.each([
  [
    'DocBook',
    '<div class="sect1" id="S"><div class="titlepage"><div><div><h2 class="title">9.1. A</h2></div></div></div>',
    '9.1. A#S',
  ],
  [
    'Sphinx',
    '<section id="a"><span id="old"></span><h2>A<a class="headerlink" href="#a">¶</a></h2>',
    'A#old',
  ],
  [
    'MediaWiki',
    '<h3><span class="editsection">[edit]</span> <span class="mw-headline" id="A_b">A b</span></h3>',
    'A b#A_b',
  ],
  [
    'Doxygen',
    '<a id="a12"></a>\n<h2 class="memtitle"><span class="permalink"><a href="#a12">&#9670;&#160;</a></span>f()</h2>',
    'f()#a12',
  ],
  [
    'rustdoc',
    '<section id="method.push"><span class="rightside"><a class="src" href="s">Source</a></span><a href="#method.push" class="anchor">§</a><h4>fn push()</h4></section>',
    'fn push()#method.push',
  ],
  ['javadoc', '<section class="detail" id="add(E)"><h3>add</h3>', 'add#add(E)'],
  ['Node.js', '<h3>fs.open<span><a class="mark" href="#o" id="o">#</a></span></h3>', 'fs.open#o'],
  ['mdBook', '<h2 id="x"><a class="header" href="#x">A</a></h2>', 'A#x'],
  [
    'Docusaurus',
    '<h2 class="anchor" id="x">A<a class="hash-link" aria-label="Direct link" href="#x">&#8203;</a></h2>',
    'A#x',
  ],
  [
    'Starlight',
    '<div class="sl-heading-wrapper"><h2 id="x">A</h2><a class="sl-anchor-link" href="#x"><span class="sr-only">Section titled A</span></a></div>',
    'A#x',
  ],
  [
    'docutils with links back',
    '<h2 id="x"><a class="toc-backref" role="doc-backlink" href="#id1">A</a><a class="headerlink" href="#x">¶</a></h2>',
    'A#x',
  ],
])('%s', (_, html, expected) => {
  expect(sections(html)).toEqual([expected])
})

test('a heading takes no anchor from an element that says something before it', () => {
  expect(sections('<div id="box"><p>Text</p><h2>A</h2></div>')).toContain('A#')
})

test('code, pictures and formulas in headings and titles leave no markup', () => {
  const { title, sections: read } = readHtml(
    `<head><title>Tab</title></head><body><h1>A <svg><title>icon</title></svg><script>bad()</script><style>x</style>
     <math><mi>x</mi><annotation>TeX</annotation></math> &lt;b&gt;</h1><h2>One<br>two<div>three</div></h2></body>`,
  )
  expect(title).toBe('A x <b>')
  expect(read.map(({ headings }) => headings)).toEqual([['One two three']])
  expect(readHtml('<body><svg><title>icon</title></svg><p>x</p></body>').title).toBe('')
})

test('an anchor that is used twice leads to its first section, the second one to the page', () => {
  expect(sections('<h2 id="x">A</h2><h2 id="x">B</h2><h2 id="y">C</h2>')).toEqual(['A#x', 'B#', 'C#y'])
})

test('a heading that repeats the title of the tab is the title', () => {
  const { title, sections: read } = readHtml(
    '<head><title>SELECT</title></head><body><h2>SELECT</h2><p>a</p><h2 id="s">Synopsis</h2><p>b</p></body>',
  )
  expect(title).toBe('SELECT')
  expect(read.map(({ headings }) => headings)).toEqual([[], ['Synopsis']])
})

test('a first heading that says something else than the tab is kept', () => {
  const { title, sections: read } = readHtml(
    '<head><title>Files</title></head><body><h2 id="f">File system</h2><p>a</p></body>',
  )
  expect(title).toBe('Files')
  expect(read).toEqual([{ headings: ['File system'], anchor: 'f', text: 'a' }])
})
