/** `lateen index` for a built site: its pages become an index beside them. */
import { LateenError } from '../errors.ts'
import { buildSite, SITE_INDEX, type SiteReport } from '../site/build-site.node.ts'
import { pagePaths } from '../site/pages.node.ts'
import { createOutput, warn } from './output.ts'
import { serveFolder } from './serve-command.ts'
import { buildOptions, type SiteFlags } from './site-options.ts'
import { pageLines, siteSummary } from './site-summary.ts'

export async function indexSite(site: string, flags: SiteFlags, signal: AbortSignal): Promise<void> {
  const output = createOutput(flags)
  const options = buildOptions(site, flags)
  const paths = await pagePaths(site, flags.glob ? { glob: flags.glob } : {})
  if (paths.length === 0) {
    throw new LateenError(
      'bad-document',
      `Expected HTML pages in ${site}, found none. Name the folder that the site generator writes to; documents of other kinds are indexed with --out.`,
    )
  }
  const report = await buildSite({
    ...options,
    signal,
    ...(flags.quiet ? {} : { onProgress: output.onProgress }),
  })
  for (const message of report.warnings) warn(message)
  if (flags.json) output.result(asJson(site, flags, report), () => '')
  else if (!flags.quiet) {
    const text = flags.verbose ? `${pageLines(report)}\n${siteSummary(report)}` : siteSummary(report)
    output.result({}, () => text)
  }
  if (!flags.serve) return
  await serveFolder(
    site,
    { port: flags.port, ...(flags.base === undefined ? {} : { base: flags.base }) },
    signal,
    (url) => {
      if (!flags.quiet && !flags.json) process.stdout.write(`Serving ${site} at ${url}\n`)
    },
  )
}

function asJson(
  site: string,
  { bits = SITE_INDEX.bits, poolFactor = SITE_INDEX.poolFactor }: SiteFlags,
  report: SiteReport,
): object {
  const { pages, bytes } = report
  return {
    site,
    ...report,
    bytes_per_page: Math.round(bytes.total / pages.length),
    bits,
    pool_factor: poolFactor,
  }
}
