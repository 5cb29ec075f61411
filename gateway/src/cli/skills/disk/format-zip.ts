import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipFile {
  /** With `/` between segments. */
  readonly path: string
  readonly content: Uint8Array
}

const dosEpoch = (1 << 5) | 1
const utf8Names = 0x0800
const deflated = 8
const version = 20

/**
 * A ZIP archive (PKWARE APPNOTE 6.3) whose bytes depend on nothing but the files: sorted, without times and owners.
 * For archives below 4 GiB.
 */
export function formatZip(files: readonly ZipFile[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, content } of [...files].sort((one, other) => (one.path < other.path ? -1 : 1))) {
    const name = Buffer.from(path, 'utf8')
    const packed = deflateRawSync(content, { level: 9 })
    const facts = formatFacts(name, content, packed)
    parts.push(Buffer.concat([u32(0x04034b50), u16(version), facts, u16(0), name, packed]))
    const attributes = [u16(0), u16(0), u16(0), u16(0), u32((0o100644 << 16) >>> 0), u32(offset)]
    directory.push(
      Buffer.concat([u32(0x02014b50), u16((3 << 8) | version), u16(version), facts, ...attributes, name]),
    )
    offset += parts.at(-1)?.length ?? 0
  }
  const central = Buffer.concat(directory)
  const end = [
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(files.length),
    u16(files.length),
    u32(central.length),
    u32(offset),
    u16(0),
  ]
  return Buffer.concat([...parts, central, ...end])
}

/** What the header of a file and the directory have in common. */
function formatFacts(name: Buffer, content: Uint8Array, packed: Buffer): Buffer {
  const sizes = [u32(crc32(content)), u32(packed.length), u32(content.length)]
  return Buffer.concat([u16(utf8Names), u16(deflated), u16(0), u16(dosEpoch), ...sizes, u16(name.length)])
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
