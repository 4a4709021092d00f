/** The search worker as bundlers find it. */

/**
 * Starts the worker that is built with this module. Bundlers, those of applications too, look for this
 * very expression: `new Worker(new URL(` and a literal.
 */
export function startSearchWorker(): Worker {
  return trusted(
    () =>
      new Worker(new URL('../../workers/search.worker.ts', import.meta.url), {
        type: 'module',
        name: 'lateen',
      }),
  )
}

/** Vets the URLs of scripts, where a page enforces Trusted Types. */
interface Policy {
  createScriptURL(url: string): string
}

let policy: Policy | undefined

/** The policy `lateen`, made once; undefined where there are no Trusted Types or the page forbids it. */
function scriptPolicy(): Policy | undefined {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: Policy): Policy }
  }
  try {
    policy ??= trustedTypes?.createPolicy('lateen', { createScriptURL: (url) => url })
  } catch {
    // If the page enforces what it does not allow us to meet, starting the worker says so.
  }
  return policy
}

/**
 * Runs `start` with a `Worker` that passes its URL through the policy. As the expression above leaves
 * no room for that, the global stands in for it while this one synchronous call lasts.
 */
function trusted(start: () => Worker): Worker {
  const { Worker } = globalThis
  const vetting = scriptPolicy()
  if (!vetting) return start()
  const vetted = (url: string | URL) => vetting.createScriptURL(String(url))
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(vetted(url), options)
    }
  }
  try {
    return start()
  } finally {
    globalThis.Worker = Worker
  }
}
