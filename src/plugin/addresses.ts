/** How sites write the addresses of their pages. */

/** The address without a slash at its end, as sites link that serve `guide/index.html` as `guide`. */
export function withoutSlash(url: string, base: string): string {
  return url.endsWith('/') && url !== './' && url !== base ? url.slice(0, -1) : url
}

/** The address of a page of a dev server, relative to the root of the site. */
export function below(base: string, path: string): string {
  return (path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '')) || './'
}

/** A path with a slash at both ends; what is no path of this host (empty, relative, another host) is `/`. */
export function basePath(base: string): string {
  if (!base.startsWith('/') || base.startsWith('//')) return '/'
  return base.endsWith('/') ? base : `${base}/`
}

/** True for the bases of sites that may lie anywhere. */
export const isRelative = (base: string) => base === '' || base.startsWith('.')

/** Way from a page to a file, both named by their path below the site. */
export function wayTo(page: string, file: string): string {
  return `${'../'.repeat(page.split('/').length - 1) || './'}${file}`
}
