/** Whether megabytes may be loaded unasked, and how many they would be. */

const SLOW = new Set(['slow-2g', '2g', '3g'])
/** ONNX Runtime as the hosts of static files send it, compressed. */
const RUNTIME_BYTES = 3_900_000

interface Connection {
  readonly saveData?: boolean
  readonly effectiveType?: string
}

/** True on connections that ask to save data or are too slow for megabytes. */
export function isMetered(): boolean {
  const { connection } = navigator as { connection?: Connection }
  return connection?.saveData === true || SLOW.has(connection?.effectiveType ?? '')
}

interface ModelFile {
  readonly bytes: number
  readonly gzip?: number
}

/** Bytes that search by meaning loads: model, vectors and runtime. Undefined when the model does not say. */
export async function meaningBytes(model: string, vectorBytes: number): Promise<number | undefined> {
  try {
    const response = await fetch(new URL('lateen.json', model))
    if (!response.ok) return undefined
    const { files } = (await response.json()) as { files: Readonly<Record<string, ModelFile>> }
    const sizeOf = ({ bytes, gzip }: ModelFile) => gzip ?? bytes
    const graphs = Object.entries(files).filter(([path]) => path.endsWith('.onnx'))
    const others = Object.entries(files).filter(([path]) => !path.endsWith('.onnx'))
    // Of several graphs one is loaded, which one depends on the device.
    const graph = Math.max(0, ...graphs.map(([, file]) => sizeOf(file)))
    const total = others.reduce((sum, [, file]) => sum + sizeOf(file), graph + vectorBytes + RUNTIME_BYTES)
    return Number.isFinite(total) ? total : undefined
  } catch {
    // A number that cannot be had is left out; loading itself reports what is wrong.
    return undefined
  }
}
