/** What a figure was measured on: without it the figure means nothing. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGB: number
  readonly os: string
  readonly node: string
  /** Short hash, with `+` when files differ from it; empty outside a repository. */
  readonly commit: string
  /** ISO day. */
  readonly date: string
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    os: `${type()} ${release()}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  }
}

export function describeMachine({ cpu, cores, memoryGB, os, node, commit, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGB} GB, ${os}, Node ${node}, commit ${commit || 'unknown'}, ${date}`
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? '+' : '')
  } catch {
    return ''
  }
}
