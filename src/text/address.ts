/** Addresses that may be shown as links and pictures. */

/**
 * Whether an address is relative or http(s). Browsers skip white space and control characters before and
 * in a scheme, so they are skipped here too.
 */
export function isWebAddress(address: string): boolean {
  const seen = address.replace(/[\0-\x20]/g, '')
  const scheme = /^([a-z][a-z\d+.-]*):/i.exec(seen)?.[1]?.toLowerCase()
  return seen !== '' && (scheme === undefined || scheme === 'http' || scheme === 'https')
}
