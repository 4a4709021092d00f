/** Figures and tables in Markdown. */

/** The first column is text, the others are figures. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** Three decimals, without the zero in front. */
export const fixed = (value: number) => value.toFixed(3).replace(/^0/, '')
export const signed = (value: number) => `${value < 0 ? '−' : '+'}${fixed(Math.abs(value))}`
export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
export const kilobytes = (bytes: number) => `${(bytes / 1e3).toFixed(1)} KB`
