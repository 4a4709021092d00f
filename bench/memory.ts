/** Peak memory of processes, as the operating system sees it. */
import { readdirSync, readFileSync } from 'node:fs'

const SAMPLE_MS = 50

export interface Peak<T> {
  readonly result: T
  /** Resident bytes; undefined where they cannot be read. */
  readonly before: number | undefined
  readonly peak: number | undefined
}

/** Runs `work` and follows the resident memory of this process. */
export function withProcessMemory<T>(work: () => Promise<T>): Promise<Peak<T>> {
  return withPeak(() => process.memoryUsage.rss(), work)
}

/** Runs `work` and follows the largest renderer among the browsers that this process started. Linux only. */
export function withRendererMemory<T>(work: () => Promise<T>): Promise<Peak<T>> {
  return withPeak(() => {
    const sizes = descendants(process.pid).filter(isRenderer).map(residentBytes)
    return sizes.length > 0 ? Math.max(...sizes) : undefined
  }, work)
}

async function withPeak<T>(measure: () => number | undefined, work: () => Promise<T>): Promise<Peak<T>> {
  const before = measure()
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak ?? 0, measure() ?? 0) || undefined
  }, SAMPLE_MS)
  try {
    return { result: await work(), before, peak }
  } finally {
    clearInterval(timer)
  }
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const pid of processes()) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(pid, 'status'))?.[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)])
  return below(root)
}

function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function isRenderer(pid: number): boolean {
  return read(pid, 'cmdline').includes('--type=renderer')
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) * 1024
}

/** Processes come and go while they are listed. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
