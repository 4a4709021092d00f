/** The shape every language has: that of English. */
import type { en } from './en.ts'

type Widened<T> = T extends string
  ? string
  : T extends readonly string[]
    ? readonly string[]
    : T extends PluralForms
      ? PluralForms
      : { readonly [K in keyof T]: Widened<T[K]> }

/** One text per plural category of the language, as `Intl.PluralRules` names them. */
export type PluralForms = { readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** All texts of one language. */
export type Strings = Widened<typeof en>

type DeepPartial<T> = T extends string | readonly string[]
  ? T
  : { readonly [K in keyof T]?: DeepPartial<T[K]> }

/** Texts of a page's own, in place of any of ours. */
export type StringsOverride = DeepPartial<Strings>
