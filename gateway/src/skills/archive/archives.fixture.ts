import { deflateRawSync, gzipSync } from 'node:zlib'

export interface ZipEntry {
  readonly path: string
  readonly content?: Buffer | string
  readonly mode?: number
  readonly flags?: number
  readonly localPath?: string
  readonly claimedBytes?: number
  readonly method?: number
}

/** Not by our own writer, and with every fault a hostile one could have. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const {
    path,
    content = 'x',
    mode = 0o100644,
    flags = 0,
    localPath,
    claimedBytes,
    method = 8,
  } of entries) {
    const bytes = Buffer.from(content as string)
    const packed = method === 8 ? deflateRawSync(bytes) : bytes
    const common = (name: Buffer): Buffer => {
      const head = Buffer.alloc(26)
      head.writeUInt16LE(20, 0)
      head.writeUInt16LE(flags, 2)
      head.writeUInt16LE(method, 4)
      head.writeUInt32LE(crcOf(bytes), 10)
      head.writeUInt32LE(packed.length, 14)
      head.writeUInt32LE(claimedBytes ?? bytes.length, 18)
      head.writeUInt16LE(name.length, 22)
      return head
    }
    const name = Buffer.from(path)
    const localName = Buffer.from(localPath ?? path)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common(localName), localName, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common(name), tail, name]))
    locals.push(local)
    offset += local.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, ...directory, end])
}

function crcOf(bytes: Buffer): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0)
  }
  return (crc ^ -1) >>> 0
}

export interface TarEntry {
  readonly path: string
  readonly content?: Buffer | string
  readonly type?: string
  readonly mode?: number
}

/** As `zip`. */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = 'x', type = '0', mode = 0o644 }) => {
    const bytes = Buffer.from(content as string)
    const head = Buffer.alloc(512)
    head.write(path.slice(0, 100), 0)
    head.write(mode.toString(8).padStart(7, '0'), 100)
    head.write(bytes.length.toString(8).padStart(11, '0'), 124)
    head.write(type, 156)
    head.write('ustar\x0000', 257)
    head.write('        ', 148)
    const sum = head.reduce((total, byte) => total + byte, 0)
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

/** No file of a skill may be called so. */
export const hostilePaths = [
  '../evil',
  'a/../../evil',
  '/etc/passwd',
  'C:/windows',
  'a\\..\\b',
  'a\0b',
  'a//b',
  './../x',
  `${'d/'.repeat(10)}deep`,
  'x'.repeat(256),
  'new\nline',
  'trailing.',
  'trailing /x',
  'NUL',
  'a/com1.txt',
]
