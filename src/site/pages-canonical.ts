/**
 * What pages say of their own address in `<link rel="canonical">`: where the site is, how its addresses end,
 * and which pages are copies of others.
 *
 * Where a site is deployed is not known when it is built. It is what most pages call themselves, less their
 * path in the site.
 */

export interface CanonicalAddresses {
  /** Takes note of a page; `canonical` is empty when it names none. */
  note(path: string, canonical: string): void
  /** The address a page gives itself, relative to the root of the site; undefined when it gives none. */
  ownAddress(path: string, canonical: string): string | undefined
  /** Whether a page calls another page of the site the original. */
  isCopy(path: string, canonical: string): boolean
}

export function canonicalAddresses(): CanonicalAddresses {
  const paths = new Set<string>()
  const votes = new Map<string, number>()
  const elsewhere = new Map<string, string>()

  function siteAddress(): string | undefined {
    let best: string | undefined
    for (const [address, count] of votes) if (best === undefined || count > votes.get(best)!) best = address
    return best
  }

  /** Path below the root of the site. */
  function withinSite(canonical: string): string | undefined {
    const address = siteAddress()
    const whole = plain(canonical)
    return address !== undefined && whole?.startsWith(address) ? whole.slice(address.length) : undefined
  }

  function original(canonical: string): string | undefined {
    const within = withinSite(canonical)
    return within === undefined ? undefined : filesOf(within).find((path) => paths.has(path))
  }

  return {
    note(path, canonical) {
      paths.add(path)
      const whole = plain(canonical)
      if (whole === undefined) return
      const own = waysToWrite(path).find((way) => way !== '' && whole.endsWith(`/${way}`))
      if (own === undefined) {
        if (waysToWrite(path)[0] !== '') elsewhere.set(path, canonical)
        return
      }
      const address = whole.slice(0, whole.length - own.length)
      votes.set(address, (votes.get(address) ?? 0) + 1)
    },
    ownAddress(path, canonical) {
      const within = withinSite(canonical)
      if (within === undefined || !waysToWrite(path).includes(within)) return undefined
      return encodeURI(within).replace(/[?#:]/g, encodeURIComponent) || './'
    },
    isCopy(path, canonical) {
      const found = original(canonical)
      if (found === undefined || found === path) return false
      // Two pages that call each other the original are both kept.
      const next = elsewhere.get(found)
      return next === undefined || (original(next) ?? found) === found
    },
  }
}

/** Scheme, query and encoding say nothing here; undefined when it is not an address on the web. */
function plain(canonical: string): string | undefined {
  const [, host = '', path] = /^(?:(?:https?:)?\/\/([^/?#]+))?(\/[^?#]*)?/i.exec(canonical) ?? []
  if (path === undefined && host === '') return undefined
  try {
    return `${host.toLowerCase()}${decodeURI(path ?? '/')}`
  } catch {
    return undefined
  }
}

/** The ways hosts let the address of a file be written; the longest first where one ends another. */
function waysToWrite(path: string): string[] {
  const stem = path.replace(/\.(?:html?|xhtml)$/i, '')
  const folder = /(?:^|^(.*\/))index$/.exec(stem)
  if (folder) return [folder[1] ?? '', path, stem, (folder[1] ?? '').replace(/\/$/, '')]
  return [path, stem, `${stem}/`]
}

/** The files that an address may stand for. */
function filesOf(address: string): string[] {
  const stem = address.replace(/\/$/, '')
  const folder = stem === '' ? '' : `${stem}/`
  return [address, `${folder}index.html`, `${folder}index.htm`, `${stem}.html`, `${stem}.htm`]
}
