/** A worker that reads the tokenizer of a model and tokenises, for tests: a base URL and texts in, tokens out. */
import { bundleFiles } from './bundle-files.ts'
import { webModelSource } from './source.web.ts'
import { readTokenizer } from './tokenizer-files.ts'

globalThis.onmessage = async ({ data }: MessageEvent<{ model: string; texts: readonly string[] }>) => {
  const source = await webModelSource(data.model, { onFallback: () => {} })
  const { tokenizer } = await readTokenizer(await bundleFiles(source, {}), '', { strips: true })
  postMessage(
    data.texts.map((text) => {
      const { ids, tokens, spans } = tokenizer.tokenize(text)
      return { ids: [...ids], tokens, spans }
    }),
  )
}
