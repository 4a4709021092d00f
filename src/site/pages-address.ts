/** Addresses of pages: from paths of files, from what a page says of its own address, and of what it shows. */
import { LateenError } from '../errors.ts'
import { isWebAddress } from '../text/address.ts'

export interface AddressOptions {
  /**
   * Where the site is deployed: a path that begins with `/`, or an http(s) address. Needed only when the
   * index is not deployed in a folder of the site. @default the folder around the index, wherever that is
   */
  readonly base?: string
  /** Keeps `index.html` in addresses. @default false */
  readonly keepIndexUrl?: boolean
  /** Leaves `.html` out of addresses, for hosts that add it. @default false */
  readonly cleanUrls?: boolean
}

/** Relative address of the root of a site; an empty one would mean that there is none. */
const ROOT = './'
const ENDING = /\.(?:html?|xhtml|md|markdown)$/i
/** As hosts look for it: elsewhere than on Windows, `Index.html` is another page. */
const INDEX = /(^|\/)index\.(?:html?|xhtml)$/

/**
 * What is put in front of relative addresses: empty, or a base that ends in `/`.
 *
 * @throws LateenError `bad-argument`
 */
export function prefixOf(base: string | undefined): string {
  if (base === undefined || base === '' || base === '/' || base === ROOT) return ''
  if (!/^(?:https?:\/\/[^/]|\/(?!\/))/i.test(base) || /[?#]/.test(base)) {
    throw new LateenError(
      'bad-argument',
      `Expected base as a path that begins with "/" or an http(s) address without "?" and "#", found "${base}".`,
    )
  }
  return base.endsWith('/') ? base : `${base}/`
}

/** Address of a file of the site, relative to its root. */
export function addressOfPath(path: string, { keepIndexUrl, cleanUrls }: AddressOptions): string {
  if (INDEX.test(path) && !keepIndexUrl) return encodePath(path.replace(INDEX, '$1')) || ROOT
  return encodePath(cleanUrls ? path.replace(ENDING, '') : path)
}

/** Address that the maker of a page gives it, relative to the root of the site unless it is elsewhere. */
export function givenAddress(url: string, prefix: string): string | undefined {
  const address = url.trim().replace(/#.*$/s, '')
  if (!isWebAddress(address)) return undefined
  if (prefix !== '' && address.startsWith(prefix)) return address.slice(prefix.length) || ROOT
  if (/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(address)) return address
  return address.replace(/^(?:\.?\/)+/, '') || ROOT
}

/** The address of the site with an address that is relative to it. */
export function withPrefix(prefix: string, address: string): string {
  if (prefix === '' || isAbsolute(address)) return address
  return address === ROOT ? prefix : prefix + address
}

/** An address as it stands on the page at `url`, relative to the root of the site; absolute ones as they are. */
export function resolveOnPage(url: string, address: string): string {
  if (isAbsolute(address)) return address
  const [, path = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(address.trim()) ?? []
  const folders = path === '' ? url.split('/') : [...url.split('/').slice(0, -1), ...path.split('/')]
  const resolved: string[] = []
  for (const [i, folder] of folders.entries()) {
    if (folder === '..') resolved.pop()
    else if (folder !== '.' && (folder !== '' || i === folders.length - 1)) resolved.push(folder)
  }
  return (resolved.join('/') || ROOT) + rest
}

function isAbsolute(address: string): boolean {
  return /^\s*(?:[a-z][a-z\d+.-]*:|\/)/i.test(address)
}

/** A colon would make a scheme of the first folder. */
function encodePath(path: string): string {
  const wellFormed = path.replace(/\p{Surrogate}/gu, '\uFFFD')
  return encodeURI(wellFormed).replace(/[?#:]/g, encodeURIComponent)
}
