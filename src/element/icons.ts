/** Icons as SVG nodes: nothing to fetch, nothing to parse. 24 × 24, drawn with strokes. */
const NAMESPACE = 'http://www.w3.org/2000/svg'

const PATHS = {
  glass: 'M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0ZM15.3 15.3l5 5',
  clear: 'm7 7 10 10M17 7 7 17',
  page: 'M7 3.75h7l4.25 4.25v12.25H7a1 1 0 0 1-1-1V4.75a1 1 0 0 1 1-1ZM13.75 4v4.25H18M9 12.5h6M9 16h4',
  section: 'M10 4 8 20M16 4l-2 16M4.5 9h16M3.5 15h16',
  enter: 'M19 5.5v5a3 3 0 0 1-3 3H5.5M9 9.5l-4 4 4 4',
  clock: 'M12 7.5V12l3 2M20.25 12a8.25 8.25 0 1 1-16.5 0 8.25 8.25 0 0 1 16.5 0Z',
  why: 'M4 18.5h16M6.5 18V12M12 18V5.5M17.5 18V9',
  back: 'M19 12H5.5M11 6l-6 6 6 6',
  filter: 'M4 7h16M7 12h10M10 17h4',
  keep: 'M12 4v10.5M8 11l4 4 4-4M4.5 19.5h15',
} as const

export type IconName = keyof typeof PATHS

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('focusable', 'false')
  svg.classList.add('icon', `icon-${name}`)
  const path = document.createElementNS(NAMESPACE, 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}
