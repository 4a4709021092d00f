/** What a page asks its service worker to keep. */
export interface KeepMessage {
  readonly lateen: 'keep'
  /** Absolute. */
  readonly urls: readonly string[]
}

export function isKeepMessage(data: unknown): data is KeepMessage {
  const { lateen, urls } = (data ?? {}) as Partial<KeepMessage>
  return lateen === 'keep' && Array.isArray(urls) && urls.every((url) => /^https?:\/\//.test(String(url)))
}
