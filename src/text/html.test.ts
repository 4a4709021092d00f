import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

const page = (body: string, head = '') =>
  `<!doctype html><html><head>${head}</head><body>${body}</body></html>`

test('the first h1 is the title, and text before the first heading has no heading path', () => {
  expect(readHtml(page('<h1>Guide</h1><p>Intro.</p><h2 id="setup">Setup</h2><p>Steps.</p>'))).toEqual({
    title: 'Guide',
    sections: [
      { headings: [], anchor: '', text: 'Intro.' },
      { headings: ['Setup'], anchor: 'setup', text: 'Steps.' },
    ],
  })
})

test('without an h1 the title of the page is used', () => {
  expect(readHtml(page('<p>Text.</p>', '<title>A &amp; B</title>')).title).toBe('A & B')
})

test('the heading path follows the levels, up as well as down', () => {
  const { sections } = readHtml(
    page('<h1>T</h1><h2>A</h2><p>a</p><h3>A1</h3><p>a1</p><h2>B</h2><p>b</p><h4>B1</h4><p>b1</p>'),
  )
  expect(sections.map(({ headings }) => headings)).toEqual([['A'], ['A', 'A1'], ['B'], ['B', 'B1']])
})

test('only the main content is read, without navigation, scripts, styles and hidden parts', () => {
  const { sections } = readHtml(
    page(
      '<nav>Menu</nav><main><p>Wanted<script>bad()</script><style>.x{}</style></p><aside>Aside</aside><p hidden>Gone</p></main><footer>Foot</footer>',
    ),
  )
  expect(sections.map(({ text }) => text)).toEqual(['Wanted'])
})

test('role=main and a single article are found, several articles are all of the page', () => {
  expect(readHtml(page('<p>Out</p><div role="main"><p>In</p></div>')).sections[0]?.text).toBe('In')
  expect(readHtml(page('<p>Out</p><article><p>In</p></article>')).sections[0]?.text).toBe('In')
  expect(readHtml(page('<article><p>One</p></article><article><p>Two</p></article>')).sections[0]?.text).toBe(
    'One\n\nTwo',
  )
})

test('white space is folded, but code keeps its lines', () => {
  const { sections } = readHtml(
    page('<p>two\n   words</p><pre><code>if (x) {\n  y()\n}</code></pre><p>after</p>'),
  )
  expect(sections[0]?.text).toBe('two words\n\nif (x) {\n  y()\n}\n\nafter')
})

test('lists, tables and definition lists stay readable', () => {
  const { sections } = readHtml(
    page(
      '<ul><li>one</li><li>two</li></ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table><dl><dt>term</dt><dd>meaning</dd></dl>',
    ),
  )
  expect(sections[0]?.text).toBe('one\ntwo\n\na b\nc d\n\nterm\nmeaning')
})

test('the anchor may be on a link in the heading or on the section it opens', () => {
  const { sections } = readHtml(
    page(
      '<h2><a id="in"></a>A<a class="headerlink" href="#in">¶</a></h2><p>a</p><section id="around"><h2>B</h2><p>b</p></section>',
    ),
  )
  expect(sections.map(({ anchor, headings }) => [anchor, ...headings])).toEqual([
    ['in', 'A'],
    ['around', 'B'],
  ])
})

test('a heading without text under it is kept: it can be what is looked for', () => {
  expect(readHtml(page('<h2 id="x">Lonely</h2>')).sections).toEqual([
    { headings: ['Lonely'], anchor: 'x', text: '' },
  ])
})

test('data URIs never become text, alternative texts do', () => {
  const { sections } = readHtml(page('<p>A <img src="data:image/png;base64,AAAA" alt="boat"> sails</p>'))
  expect(sections[0]?.text).toBe('A boat sails')
})

test('broken markup is read as far as it goes', () => {
  expect(readHtml('<p>open <b>bold<p>next</i>').sections[0]?.text).toBe('open bold\n\nnext')
  expect(readHtml('')).toEqual({ title: '', sections: [] })
})
