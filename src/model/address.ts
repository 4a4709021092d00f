/** Where a model is: on a Hub by its id and revision, under a URL, or in a folder. */
import { LateenError } from '../errors.ts'

export interface HubAddress {
  readonly kind: 'hub'
  /** `owner/name`. */
  readonly id: string
  /** A commit hash, or a branch or tag that stands for one. */
  readonly revision: string
}

export type ModelAddress =
  | HubAddress
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string }

const DEFAULT_HUB = 'https://huggingface.co'

const DEFAULT_REVISION = 'main'
const ID = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/
/** What people copy from the address bar. Below `resolve/` lies a base URL like any other. */
const PAGE = /^https:\/\/(?:huggingface\.co|hf\.co)\/([^/?#@]+\/[^/?#@]+)(?:\/tree\/([^?#]+?))?\/?$/

/**
 * Reads `hub:owner/name[@revision]`, the page of a model on huggingface.co, a base URL, or a path.
 *
 * @throws LateenError `bad-argument` for an empty text, or a Hub address that can be none
 */
export function parseModelAddress(text: string): ModelAddress {
  if (text.trim() === '') throw badAddress(text)
  if (text.startsWith('hub:')) {
    const address = bareHubAddress(text.slice('hub:'.length))
    if (address) return address
    throw badAddress(text)
  }
  const [, id, revision = DEFAULT_REVISION] = PAGE.exec(text) ?? []
  const page = id && bareHubAddress(`${id}@${unescaped(revision)}`)
  if (page) return page
  return /^https?:\/\//.test(text) ? { kind: 'url', url: text } : { kind: 'path', path: text }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** `owner/name[@revision]` without `hub:`, where a path could stand too; undefined when it is none. */
export function bareHubAddress(text: string): HubAddress | undefined {
  const at = text.indexOf('@')
  const id = at < 0 ? text : text.slice(0, at)
  const revision = at < 0 ? DEFAULT_REVISION : text.slice(at + 1)
  const isId = ID.test(id) && !id.includes('..') && !id.includes('--')
  // What git forbids in a name would end up in a URL.
  const isRevision = /^[\w][\w./+-]*$/.test(revision) && !revision.includes('..')
  return isId && isRevision ? { kind: 'hub', id, revision } : undefined
}

export function formatHubAddress({ id, revision }: Pick<HubAddress, 'id' | 'revision'>): string {
  return revision === DEFAULT_REVISION ? `hub:${id}` : `hub:${id}@${revision}`
}

/** Whether a revision is pinned: a commit stays what it is, a branch moves. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

/**
 * The base URL of a Hub without a slash at its end.
 *
 * @throws LateenError `bad-argument`
 */
export function hubUrl(hub: string = DEFAULT_HUB): string {
  if (/^https?:\/\/[^/?#]+[^?#]*$/.test(hub)) return hub.replace(/\/+$/, '')
  throw new LateenError(
    'bad-argument',
    `Expected hub as an http(s) address such as ${DEFAULT_HUB}, found ${JSON.stringify(hub)}.`,
  )
}

function badAddress(text: string): LateenError {
  return new LateenError(
    'bad-argument',
    `Expected a model as hub:owner/name or hub:owner/name@revision, a URL or a path, found ${JSON.stringify(text)}.`,
  )
}
