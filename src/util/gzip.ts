/** Gzip, which hosts that compress nothing themselves can store and every platform can unpack. */

/** True for bytes that begin as gzip does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** The unpacked bytes; its length and CRC-32 are checked on the way. Fails with a TypeError when damaged. */
export async function gunzip(packed: Uint8Array): Promise<Uint8Array> {
  const { writable, readable } = new DecompressionStream('gzip')
  const writer = writable.getWriter()
  const [whole] = await Promise.all([
    collect(readable.getReader()),
    writer.write(packed).then(() => writer.close()),
  ])
  return whole
}

async function collect(reader: {
  read(): Promise<{ done: boolean; value?: Uint8Array }>
}): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (;;) {
    const { value } = await reader.read()
    if (!value) return joined(parts)
    parts.push(value)
  }
}

/** The parts one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
