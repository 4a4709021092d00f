/** The patterns of a `tokenizer.json`: strings, and regular expressions of Oniguruma. */
import { SplitPreTokenizer } from '@huggingface/tokenizers'

export interface PatternConfig {
  readonly String?: string
  readonly Regex?: string
}

/** @throws Error when there is none, or it cannot be said in JavaScript */
export function patternOf(config: PatternConfig | undefined): RegExp {
  if (config?.String !== undefined) return new RegExp(literally(config.String), 'gu')
  const { pattern } =
    config?.Regex === undefined ? {} : new SplitPreTokenizer({ type: 'Split', pattern: config } as never)
  if (pattern) return pattern
  throw new Error('A pattern cannot be read')
}

/** The source of a regular expression that matches a text. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
