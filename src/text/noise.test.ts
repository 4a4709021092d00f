import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

const text = (body: string) =>
  readHtml(`<html><body><main>${body}</main></body></html>`)
    .sections.map((section) => [...section.headings, section.text].filter(Boolean).join(': '))
    .join(' / ')

test.each([
  ['breadcrumbs', '<ol class="breadcrumb"><li>Home</li></ol>'],
  ['breadcrumbs of a nav', '<nav aria-label="breadcrumb">Home</nav>'],
  ['a table of contents', '<div class="toc"><ul><li><a href="#a">A</a></li></ul></div>'],
  ['the contents of docutils', '<div class="contents topic"><p>Contents</p></div>'],
  ['a table of contents by its id', '<div id="toc">On this page</div>'],
  ['pagers', '<div class="navfooter"><a href="x">Prev</a></div><p><a rel="next" href="y">Next page</a></p>'],
  ['a line of neighbours', '<p>Next: <a href="b" rel="next">B</a>, Up: <a href="c">C</a></p>'],
  ['links to the editor', '<a href="https://github.com/a/b/edit/main/x.md">Edit this page on GitHub</a>'],
  ['a permalink in text', '<p id="x"><a class="headerlink" href="#x" title="Permalink">¶</a></p>'],
  ['a search box', '<div role="search">Find</div><form class="search-form">Find</form>'],
  ['a cookie notice', '<div class="cookie-banner">We use cookies</div>'],
  ['a link over navigation', '<a class="skip-link" href="#main">Skip to content</a>'],
  ['a button to copy', '<button class="copy">Copy</button>'],
  ['a readout for ruby', '<ruby><rt>kanji</rt></ruby>'],
])('%s is not content', (_, html) => {
  expect(text(`<h2>T</h2><p>Before</p>${html}<p>After</p>`)).toBe('Before\n\nAfter')
})

test.each([
  [
    '<table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td><td class="code"><pre>a\nb</pre></td></tr></table>',
  ],
  ['<pre><span class="lineno">1 </span>a\n<span class="lineno">2 </span>b</pre>'],
  [
    '<table class="lntable"><tr><td><pre><span class="lnt">1\n</span><span class="lnt">2</span></pre></td><td><pre>a\nb</pre></td></tr></table>',
  ],
  [
    '<pre class="line-numbers"><code>a\nb<span aria-hidden="true" class="line-numbers-rows"><span></span></span></code></pre>',
  ],
  [
    '<div class="language-js line-numbers-mode"><button>copy</button><pre>a\nb</pre><div class="line-numbers-wrapper">1<br>2</div></div>',
  ],
])('code is read without its line numbers: %#', (html) => {
  expect(text(html)).toBe('a\nb')
})

test('code in two languages, of which one is shown, is not run together', () => {
  expect(text('<pre><code class="mjs">import a</code><code class="cjs">require(a)</code></pre>')).toBe(
    'import a\nrequire(a)',
  )
})

test('what looks like it but is content stays', () => {
  expect(text('<h2 id="toc">Toc</h2><p>a</p><h2 id="footer" class="pagination">Footer</h2><p>b</p>')).toBe(
    'a / Footer: b',
  )
  expect(text('<section id="breadcrumbs"><p>a</p></section><div class="section" id="footer">b</div>')).toBe(
    'a\n\nb',
  )
  expect(text('<p><a href="#op">==</a> and <a href="#n">1</a>')).toBe('== and 1')
  expect(text('<p>See <a href="/docs/edit/">how to edit</a>.</p>')).toBe('See how to edit.')
})

test('the title of a notice begins no section', () => {
  expect(
    text('<h2>A</h2><p>a</p><div class="note"><h3 class="title">Note</h3><p>n</p></div><h4>B</h4><p>b</p>'),
  ).toBe('a\n\nNote\n\nn / B: b')
})
