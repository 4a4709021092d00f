/** The Hub for tests that run in a browser, which cannot start a server themselves. */
import { type Fault, filesOf, type HubRequest, type HubServer, startHub } from './hub-server.ts'

const hubs = new Map<string, HubServer>()

/** What a test asks for by `commands` of Vitest; the first argument of each is the test's context. */
export const hubCommands = {
  /** @returns its address, which the others take */
  async startHub(_: unknown): Promise<string> {
    const hub = await startHub()
    hubs.set(hub.url, hub)
    return hub.url
  },
  async stopHub(_: unknown, url: string): Promise<void> {
    await hubs.get(url)?.close()
    hubs.delete(url)
  },
  /** Publishes a folder, with some files replaced by texts. @returns the commit */
  async publish(_: unknown, url: string, id: string, folder: string, texts: Record<string, string> = {}) {
    const replaced = Object.entries(texts).map(
      ([path, text]) => [path, new TextEncoder().encode(text)] as const,
    )
    return hubs.get(url)!.publish(id, { ...filesOf(folder), ...Object.fromEntries(replaced) })
  },
  async failNext(_: unknown, url: string, path: string, ...faults: Fault[]): Promise<void> {
    hubs.get(url)!.fail(path, ...faults)
  },
  async restrict(_: unknown, url: string, id: string): Promise<void> {
    hubs.get(url)!.restrict(id, 'gated')
  },
  async goAway(_: unknown, url: string, isAway: boolean): Promise<void> {
    hubs.get(url)!.goAway(isAway)
  },
  async takeRequests(_: unknown, url: string): Promise<HubRequest[]> {
    return hubs.get(url)!.takeRequests()
  },
}
