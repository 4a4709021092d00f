/** The special tokens a tokenizer puts around every text, by its `post_processor`. */

/** The `post_processor` of a `tokenizer.json`. */
export interface AffixesConfig {
  readonly type?: string
  readonly processors?: readonly AffixesConfig[]
  readonly single?: readonly TemplatePart[]
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>>
  readonly cls?: readonly [token: string, id: number]
  readonly sep?: readonly [token: string, id: number]
}

interface TemplatePart {
  readonly SpecialToken?: { readonly id: string }
  readonly Sequence?: object
}

/** Ids before and after a text. */
export interface Affixes {
  readonly leading: readonly number[]
  readonly trailing: readonly number[]
}

const NONE: Affixes = { leading: [], trailing: [] }

/** @throws Error when the kind is unknown, or a template names what is no special token */
export function affixesOf(config: AffixesConfig | null | undefined): Affixes {
  const { type, processors = [], cls, sep } = config ?? {}
  switch (type) {
    case undefined:
    case 'ByteLevel':
      return NONE
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { leading: [cls![1]], trailing: [sep![1]] }
    case 'TemplateProcessing':
      return ofTemplate(config!)
    case 'Sequence': {
      const all = processors.map(affixesOf).filter((one) => one.leading.length + one.trailing.length > 0)
      if (all.length > 1) throw new Error('Several post-processors add tokens')
      return all[0] ?? NONE
    }
    default:
      throw new Error(`Unknown post-processor: ${type}`)
  }
}

function ofTemplate({ single = [], special_tokens: tokens = {} }: AffixesConfig): Affixes {
  const at = single.findIndex((part) => part.Sequence)
  const idsOf = (parts: readonly TemplatePart[]) =>
    parts.flatMap(({ SpecialToken: token }) => {
      const ids = token && Object.hasOwn(tokens, token.id) ? tokens[token.id]?.ids : undefined
      if (!ids) throw new Error(`${token?.id} of the template is no special token`)
      return ids
    })
  return { leading: idsOf(single.slice(0, at)), trailing: idsOf(single.slice(at + 1)) }
}
