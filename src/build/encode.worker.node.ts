/** The thread that codes passages: one ONNX session with one thread, one task at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadNodeEncoder } from '../encode/load.node.ts'
import { asLateenError } from '../errors.ts'
import { passageCoder } from './coder.ts'
import type { WorkerAnswer, WorkerSetup, WorkerTask } from './worker-coder.node.ts'

const { model, dtype, dim, codec, pooling } = workerData as WorkerSetup
const answer = (message: WorkerAnswer, transfer: ArrayBuffer[] = []) =>
  parentPort!.postMessage(message, transfer)

function fail(error: unknown) {
  const { code, message } = asLateenError(error)
  answer({ type: 'failed', code, message })
}

try {
  const { encoder } = await loadNodeEncoder({ model, dtype, dim, threads: 1 })
  const code = passageCoder(encoder, codec, pooling)
  parentPort!.on('message', async ({ texts }: WorkerTask) => {
    try {
      const coded: Awaited<ReturnType<typeof code>> = []
      // Alone, a text gets the same vectors whatever it is coded with.
      for (const text of texts) coded.push(...(await code([text])))
      const buffers = coded.map(({ codes }) => codes.buffer)
      answer({ type: 'coded', coded }, [...new Set(buffers)] as ArrayBuffer[])
    } catch (error) {
      fail(error)
    }
  })
  answer({ type: 'ready' })
} catch (error) {
  fail(error)
}
