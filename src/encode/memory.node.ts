/** What a Node process may use of the memory of its machine. */
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { MemoryLimit } from './memory.ts'

/** The smaller of what is left of the machine, swap included, and the limit of the process, as containers set it. */
export function nodeMemory(): MemoryLimit {
  // Zero, or more than there is, where nothing limits the process.
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY
  const bytes = Math.min(allowed, linuxMemory() ?? totalmem())
  return { bytes, what: 'this process can have' }
}

/**
 * Elsewhere the memory called free leaves out what the system holds as a cache, and would refuse models
 * that fit; the whole memory is the bound there.
 */
function linuxMemory(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = readFileSync('/proc/meminfo', 'utf8')
    const [available, swap] = ['MemAvailable', 'SwapFree'].map((key) =>
      Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN),
    )
    return Number.isFinite(available) ? (available! + (swap || 0)) * 1024 : undefined
  } catch {
    return undefined
  }
}
