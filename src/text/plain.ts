/** Plain text: paragraphs are separated by blank lines, and nothing else means anything. */
import type { Section } from '../types.ts'

export function readPlain(text: string): { title: string; sections: Section[] } {
  const paragraphs = text
    .replace(/\r\n?/g, '\n')
    .split(/\n[^\S\n]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
  if (paragraphs.length === 0) return { title: '', sections: [] }
  return { title: '', sections: [{ headings: [], anchor: '', text: paragraphs.join('\n\n') }] }
}
