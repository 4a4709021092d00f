/** Plain text: paragraphs are separated by blank lines, and nothing else means anything. */
import type { ReadText } from './html.ts'

export function readPlain(text: string): ReadText {
  const paragraphs: string[] = []
  let lines: string[] = []
  for (const line of [...text.split(/\r\n|\r|\n/), '']) {
    if (line.trim() !== '') lines.push(line)
    else if (lines.length > 0) {
      paragraphs.push(lines.join('\n').trim())
      lines = []
    }
  }
  if (paragraphs.length === 0) return { title: '', sections: [] }
  return { title: '', sections: [{ headings: [], anchor: '', text: paragraphs.join('\n\n') }] }
}
