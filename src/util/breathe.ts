/**
 * Lets waiting messages in: an abort, or a query that came while documents are encoded. Promises alone
 * do not, because their reactions run before the next message is looked at.
 */

/** How long work may go on without a pause, in milliseconds. */
const MAX_STRETCH_MS = 20

let lastPauseMs = 0

/** Pauses for one turn of the event loop when the last pause is 20 ms ago. Call between the steps of a long job. */
export async function breathe(): Promise<void> {
  if (performance.now() - lastPauseMs < MAX_STRETCH_MS) return
  await new Promise<void>((resolve) => {
    // A message comes back at once; nested timers would wait 4 ms each.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
  lastPauseMs = performance.now()
}
