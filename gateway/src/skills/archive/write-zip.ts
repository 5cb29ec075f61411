import { crc32 } from 'node:zlib'
import { deflateSync } from 'fflate'
import { sortByPath } from '../tree-digest.ts'
import type { TreeFile } from './file-tree.ts'

/** 1980-01-01, midnight: the first day a zip can name. */
const dosDate = 0x0021
const level = 9
const utf8Names = 0x0800
const madeByUnix = 0x0314

/**
 * A zip whose bytes depend on the tree alone: sorted, undated, no directories, one compressor in one version. Its
 * digest is published, so neither may change.
 */
export function writeZip(files: readonly TreeFile[]): Buffer {
  const locals: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const { path, content, isExecutable } of sortByPath(files)) {
    const name = Buffer.from(path)
    const packed = Buffer.from(deflateSync(content, { level }))
    const common = Buffer.alloc(26)
    for (const [value, at] of [
      [20, 0],
      [utf8Names, 2],
      [8, 4],
      [0, 6],
      [dosDate, 8],
    ] as const)
      common.writeUInt16LE(value, at)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.byteLength, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(((0o100000 | (isExecutable ? 0o755 : 0o644)) << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    const madeBy = Buffer.alloc(2)
    madeBy.writeUInt16LE(madeByUnix)
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, common, tail, name]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
