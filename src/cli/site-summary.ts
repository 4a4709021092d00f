/** What `lateen index` prints of a site. */
import { countReasons, type SiteReport } from '../site/report.ts'
import { formatBytes, plural, printable } from './output.ts'

/** One line with all figures, and the lines that put search into a page. */
export function siteSummary(report: SiteReport): string {
  const { pages, passages, bytes, encoded, reused, html } = report
  const index = `${plural(passages, 'passage')}, ${formatBytes(bytes.total)}: ${formatBytes(Math.round(bytes.total / pages.length))} per page`
  const coded = `${plural(encoded, 'passage')} encoded, ${reused.toLocaleString('en')} reused`
  const facts = [index, ...skippedSummary(report), coded].join('; ')
  return [
    `${plural(pages.length, 'page')} indexed (${facts}) in ${Math.max(1, Math.round(report.seconds))} s`,
    ...(html === undefined
      ? []
      : [
          'Search is in every page that has these two lines:',
          ...html.split('\n').map((line) => `  ${line}`),
        ]),
  ].join('\n')
}

/** A line for every page. */
export function pageLines({ pages, skipped }: SiteReport): string {
  return [
    ...pages.map(
      ({ path, url, passages }) => `  ${printable(path)} → ${printable(url)}: ${plural(passages, 'passage')}`,
    ),
    ...skipped.map(
      ({ path, reason, detail }) =>
        `  ${printable(path)} skipped: ${reason}${detail ? ` (${printable(detail)})` : ''}`,
    ),
  ].join('\n')
}

function skippedSummary({ skipped }: SiteReport): string[] {
  if (skipped.length === 0) return []
  const reasons = countReasons(skipped).map(([reason, count]) => `${count.toLocaleString('en')} ${reason}`)
  return [`${skipped.length.toLocaleString('en')} skipped: ${reasons.join(', ')}`]
}
