import { expect, test } from 'vitest'
import { siteTitles } from './pages-titles.ts'

function strip(pages: readonly string[], title: string, lang = 'en'): string {
  const titles = siteTitles()
  for (const page of pages) titles.note(page, '', lang)
  return titles.withoutSite(title, lang)
}

test.each([
  [
    ['A — Python 3.11 documentation', 'B — C — Python 3.11 documentation', 'D — Python 3.11 documentation'],
    'B — C',
  ],
  [['One | My Site', 'Two | My Site', 'Three | My Site', 'My Site'], 'Two'],
  [['vec - Rust', 'Vec in std::vec - Rust', 'std - Rust'], 'Vec in std::vec'],
  [['Docs :: Intro', 'Docs :: More', 'Docs :: End'], 'More'],
  [['A (lib: a library)', 'B (lib: a library)', 'C (lib: a library)'], 'B'],
  [['Site: Intro', 'Site: On: off', 'Site: End'], 'On: off'],
])('what the titles of a site share is not the title of a page: %j', (pages, title) => {
  expect(strip(pages, pages[1]!)).toBe(title)
})

test('what few pages share is part of their titles', () => {
  const pages = ['Install - Guide', 'Use - Guide', 'One', 'Two', 'Three', 'Four', 'Five']
  expect(strip(pages, 'Install - Guide')).toBe('Install - Guide')
  expect(strip(['A - B', 'C - B'], 'A - B')).toBe('A - B')
})

test('the longest name that is shared goes, and a title is never emptied', () => {
  const pages = ['A | Guide | Site', 'B | Guide | Site', 'C | Guide | Site']
  expect(strip(pages, 'A | Guide | Site')).toBe('A')
  expect(strip(['Site', 'Site', 'Site'], 'Site')).toBe('Site')
})

test('a site may be called otherwise in another language', () => {
  const titles = siteTitles()
  for (const page of ['A', 'B', 'C', 'D', 'E', 'F']) titles.note(`${page} - Docs`, '', 'en')
  for (const page of ['A', 'B', 'C']) titles.note(`${page} - Doku`, '', 'de')
  expect(titles.withoutSite('A - Doku', 'de')).toBe('A')
  expect(titles.withoutSite('A - Docs', 'en')).toBe('A')
})

test('a heading on pages that their tabs tell apart names the site, or a part of it', () => {
  const titles = siteTitles()
  for (const page of ['A', 'B', 'C']) titles.note(page, 'My Library', 'en')
  for (const page of ['D', 'E', 'F']) titles.note('Overview', 'Overview', page)
  for (const page of ['G', 'H']) titles.note(page, 'Twice', 'en')
  for (const heading of ['Untitled', 'Untitled', 'Untitled']) titles.note('', heading, 'en')
  const headings = ['My Library', 'Overview', 'Twice', 'Untitled', 'Other']
  expect(headings.filter((heading) => titles.isSiteName(heading, 'en'))).toEqual(['My Library'])
})
