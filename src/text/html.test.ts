import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

const page = (body: string, head = '') =>
  `<!doctype html><html><head>${head}</head><body>${body}</body></html>`
const texts = (html: string) => readHtml(html).sections.map(({ text }) => text)

test('the first h1 is the title, and text before the first heading has no heading path', () => {
  expect(readHtml(page('<h1>Guide</h1><p>Intro.</p><h2 id="setup">Setup</h2><p>Steps.</p>'))).toMatchObject({
    title: 'Guide',
    sections: [
      { headings: [], anchor: '', text: 'Intro.' },
      { headings: ['Setup'], anchor: 'setup', text: 'Steps.' },
    ],
  })
})

test('without an h1 the title of the page is used, and without that the heading that opens the text', () => {
  expect(readHtml(page('<p>Text.</p>', '<title>A &amp; B</title>')).title).toBe('A & B')
  expect(readHtml(page('<h2>Opening</h2><p>a</p><h3>B</h3>')).title).toBe('Opening')
  expect(readHtml(page('<p>Text first.</p><h2>Later</h2>')).title).toBe('')
})

test('the heading path follows the levels, up as well as down', () => {
  const { sections } = readHtml(
    page('<h1>T</h1><h2>A</h2><p>a</p><h3>A1</h3><p>a1</p><h2>B</h2><p>b</p><h4>B1</h4><p>b1</p><h1>C</h1>c'),
  )
  expect(sections.map(({ headings }) => headings)).toEqual([['A'], ['A', 'A1'], ['B'], ['B', 'B1'], ['C']])
})

test('only the main content is read, without navigation, scripts, styles and hidden parts', () => {
  expect(
    texts(
      page(
        `<header><h1>Site</h1></header><nav>Menu</nav><main><p>Wanted<script>bad()</script><style>.x{}</style></p>
         <p hidden>Gone</p><p style="display: none">Gone</p><span aria-hidden="true">#</span>
         <template>Gone</template><button>Copy</button></main><footer>Foot</footer>`,
      ),
    ),
  ).toEqual(['Wanted'])
})

test('role=main and a single article are found, several articles are all of the page', () => {
  expect(texts(page('<p>Out</p><div role="main"><p>In</p></div>'))).toEqual(['In'])
  expect(texts(page('<p>Out</p><article><p>In</p></article>'))).toEqual(['In'])
  expect(texts(page('<article><p>One</p></article><article><p>Two</p></article>'))).toEqual(['One\n\nTwo'])
})

test('an article that holds the heading of main is read without what surrounds it', () => {
  const { title, sections } = readHtml(
    page(
      '<main><article><header><h1>T</h1></header><p>Text</p></article><div class="toc"><a href="#x">On this page</a></div></main>',
    ),
  )
  expect(title).toBe('T')
  expect(sections.map(({ text }) => text)).toEqual(['Text'])
})

test('a notice in an aside is content, a list of links or the aside of the page is not', () => {
  expect(texts(page('<main><p>Text</p><aside>Mind the gap.</aside></main>'))).toEqual([
    'Text\n\nMind the gap.',
  ])
  expect(texts(page('<main><p>Text</p><aside><a href="/a">See also this</a></aside></main>'))).toEqual([
    'Text',
  ])
  expect(texts(page('<p>Text</p><aside>Mind the gap.</aside>'))).toEqual(['Text'])
})

test('what tabs and folds hide for the moment is read', () => {
  expect(
    texts(
      page(
        '<div role="tabpanel">npm</div><div role="tabpanel" hidden>pnpm</div><details><summary>More</summary>Inside</details>',
      ),
    ),
  ).toEqual(['npm\npnpm\n\nMore\nInside'])
})

test('attributes for search say what is read, left out, filtered by, and what the title is', () => {
  expect(
    readHtml(
      page(
        `<h1>Heading</h1><p>Before</p><div data-pagefind-body><p>Read <i data-pagefind-ignore>not</i>
         <b data-search-exclude>this</b> <span data-lateen-filter="topic">Search</span></p></div>
         <i data-lateen-body data-pagefind-filter="author[data-name], topic:Offline, too" data-name="Ada">and this</i>`,
        '<meta data-pagefind-meta="title[content]" content="Given"><meta data-pagefind-filter="kind[content]" content="guide">',
      ),
    ),
  ).toMatchObject({
    title: 'Given',
    sections: [{ headings: [], anchor: '', text: 'Read Search\n\nand this' }],
    metadata: { topic: ['Search', 'Offline, too'], author: 'Ada', kind: 'guide' },
  })
})

test('attributes named like parts of every object are ordinary', () => {
  const { metadata } = readHtml(
    page('<p data-lateen-filter="__proto__[title], constructor:y" title="x">a</p>'),
  )
  expect(Object.entries(metadata ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('white space is folded, but code keeps its lines', () => {
  expect(
    texts(
      page('<p>two\n   words</p><pre><code>if (x) {\n  y()\n}</code></pre><p>after&nbsp;it<br>new line</p>'),
    ),
  ).toEqual(['two words\n\nif (x) {\n  y()\n}\n\nafter it\nnew line'])
  expect(texts(page('<pre><div class="line">one</div><div class="line">  two</div></pre>'))).toEqual([
    'one\n  two',
  ])
})

test('inline elements do not tear words apart, block elements do', () => {
  expect(texts(page('<p>w<b>or</b>d <i> next</i> </p><div>block</div>end'))).toEqual([
    'word next\n\nblock\nend',
  ])
})

test('lists, tables and definition lists stay readable', () => {
  expect(
    texts(
      page(
        '<ul><li>one</li><li><p>two</p><p>more</p></li></ul><table><tr><th>a</th> <th>b</th></tr><tr><td>c<td>d</tr></table><dl><dt>term</dt><dd>meaning</dd></dl>',
      ),
    ),
  ).toEqual(['- one\n- two\n\nmore\n\na | b\nc | d\n\nterm\nmeaning'])
})

test('the anchor may be on a link in the heading or on the section it opens', () => {
  const { sections } = readHtml(
    page(
      `<h1>T</h1><h2><a id="in"></a>A<a class="headerlink" href="#in">¶</a></h2><p>a</p>
       <section id="around"><h2>B <a href="#around"><span>&#8203;</span></a></h2><p>b</p></section>
       <h2><a name="old">C#</a></h2>`,
    ),
  )
  expect(sections.map(({ anchor, headings }) => [anchor, ...headings])).toEqual([
    ['in', 'A'],
    ['around', 'B'],
    ['old', 'C#'],
  ])
})

test('a heading without text under it is kept: it can be what is looked for', () => {
  expect(readHtml(page('<h1>T</h1><h2 id="x">Lonely</h2>')).sections).toEqual([
    { headings: ['Lonely'], anchor: 'x', text: '' },
  ])
  expect(readHtml(page('<h1>Only a title</h1>'))).toMatchObject({
    title: 'Only a title',
    sections: [{ headings: [], text: '' }],
  })
})

test('pictures give their alternative text and nothing else', () => {
  expect(texts(page('<p>A <img src="data:image/png;base64,AAAA" alt="boat"> sails</p>'))).toEqual([
    'A boat sails',
  ])
})

test('broken markup is read as far as it goes', () => {
  expect(texts('<p>open <b>bold<p>next</i>')).toEqual(['open bold\n\nnext'])
  expect(readHtml('')).toMatchObject({ title: '', sections: [] })
  expect(texts('plain < text > here')).toEqual(['plain < text > here'])
})

test('a page nested a hundred thousand deep is read', () => {
  expect(texts(`${'<div>'.repeat(100_000)}deep`)).toEqual(['deep'])
})

test('a page of five megabytes takes time in proportion to its length', () => {
  const startMs = performance.now()
  const html = '<p>some <b>bold</b> words in a paragraph</p>'.repeat(120_000)
  expect(html.length).toBeGreaterThan(5_000_000)
  expect(texts(html)[0]!.length).toBeGreaterThan(120_000 * 30)
  expect(performance.now() - startMs).toBeLessThan(30_000)
})
