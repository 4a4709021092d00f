import { expect, test } from 'vitest'
import { readHead } from './head.ts'

test('title, language and canonical address are read from the head', () => {
  expect(
    readHead(`<!doctype html><html lang="en-US"><head><meta charset="utf-8"><title>
      A &amp; <b>B</b></title><link rel="alternate canonical" href=" https://x.y/a ">
      <noscript><img src="count.gif"></noscript><meta name="robots" content="index, follow"></head><body>`),
  ).toEqual({
    title: 'A & <b>B</b>',
    lang: 'en-US',
    canonical: 'https://x.y/a',
    isHidden: false,
    isRedirect: false,
  })
})

test.each(['noindex', 'NOINDEX, nofollow', 'follow,noindex', 'none'])(
  'robots are asked to stay away: %s',
  (content) => {
    expect(readHead(`<meta name="Robots" content="${content}">`).isHidden).toBe(true)
  },
)

test('a redirect names where it goes; a page that reloads itself is a page', () => {
  expect(readHead('<meta http-equiv="Refresh" content="0; URL=/new/">').isRedirect).toBe(true)
  expect(readHead('<meta http-equiv="refresh" content="30">').isRedirect).toBe(false)
})

test('nothing in the body counts', () => {
  expect(
    readHead('<body><title>x</title><meta name="robots" content="noindex"><link rel="canonical" href="/x">'),
  ).toEqual({ title: '', lang: '', canonical: '', isHidden: false, isRedirect: false })
  expect(readHead('').title).toBe('')
})

test('the rest of a large page is not looked at', () => {
  const body = '<p>word</p>'.repeat(2_000_000)
  const startMs = performance.now()
  expect(readHead(`<title>Large</title>${body}`).title).toBe('Large')
  expect(performance.now() - startMs).toBeLessThan(500)
})
