import { isUtf8 } from 'node:buffer'
import { crc32, inflateRawSync } from 'node:zlib'
import { FileTree, largestTotalBytes, RefusedArchive } from './file-tree.ts'

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50
const endBytes = 22
const entryBytes = 46
const localBytes = 30
const maxRatio = 100
/** Small files may be as repetitive as they like. */
const ratioFrom = 65_536
const fileType = 0o170000
const regularFile = 0o100000
const directory = 0o040000

interface Entry {
  readonly path: string
  readonly method: number
  readonly crc: number
  readonly packedBytes: number
  readonly bytes: number
  readonly mode: number
  readonly offset: number
}

/**
 * Unpacks a zip (APPNOTE 6.3.10: stored and deflated entries, no zip64). What the headers say about sizes is never
 * believed: inflating stops at the limit. Errors: RefusedArchive.
 */
export function readZip(bytes: Buffer, maxTotalBytes = largestTotalBytes): FileTree {
  const tree = new FileTree(maxTotalBytes)
  const ranges: (readonly [start: number, end: number])[] = []
  for (const entry of readEntries(bytes)) {
    const isFile = checkEntry(entry)
    if (!FileTree.isWanted(entry.path) || !isFile) continue
    const start = findContent(bytes, entry)
    ranges.push([entry.offset, start + entry.packedBytes])
    const packed = bytes.subarray(start, start + entry.packedBytes)
    const content = entry.method === 0 ? packed : inflate(packed, entry.path, tree)
    if (content.length !== entry.bytes || crc32(content) !== entry.crc) throw damaged(entry.path)
    tree.add({ path: entry.path, content, isExecutable: (entry.mode & 0o111) !== 0 })
  }
  requireApart(ranges)
  return tree
}

function readEntries(bytes: Buffer): Entry[] {
  const end = bytes.length - endBytes
  const at = findEnd(bytes, end)
  const count = bytes.readUInt16LE(at + 10)
  let position = bytes.readUInt32LE(at + 16)
  if (count === 0xffff || position === 0xffffffff)
    throw new RefusedArchive('', 'zip64', 'zip64 is not read; use plain zip')
  const entries: Entry[] = []
  for (let index = 0; index < count; index += 1) {
    if (position + entryBytes > bytes.length || bytes.readUInt32LE(position) !== entrySignature)
      throw damaged('')
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      bytes.readUInt16LE(position + offset),
    )
    const name = bytes.subarray(position + entryBytes, position + entryBytes + (nameBytes ?? 0))
    entries.push(readEntry(bytes, position, decodeName(name)))
    position += entryBytes + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0)
  }
  return entries
}

/** The record at the end, behind which only its own comment may stand. */
function findEnd(bytes: Buffer, last: number): number {
  for (let at = last; at >= Math.max(0, last - 0xffff); at -= 1) {
    if (
      bytes.readUInt32LE(at) === endSignature &&
      at + endBytes + bytes.readUInt16LE(at + 20) === bytes.length
    )
      return at
  }
  throw new RefusedArchive('', 'not-zip', 'the bytes are no zip archive')
}

function readEntry(bytes: Buffer, at: number, path: string): Entry {
  if ((bytes.readUInt16LE(at + 8) & 1) === 1)
    throw new RefusedArchive(path, 'encrypted', 'encrypted entries cannot be read')
  return {
    path,
    method: bytes.readUInt16LE(at + 10),
    crc: bytes.readUInt32LE(at + 16),
    packedBytes: bytes.readUInt32LE(at + 20),
    bytes: bytes.readUInt32LE(at + 24),
    mode: bytes.readUInt32LE(at + 38) >>> 16,
    offset: bytes.readUInt32LE(at + 42),
  }
}

function decodeName(name: Buffer): string {
  if (!isUtf8(name)) throw new RefusedArchive('', 'path', 'a path is not valid UTF-8')
  return name.toString('utf8')
}

/** True for a file, false for a directory. Errors: everything else. */
function checkEntry({ path, method, mode }: Entry): boolean {
  const type = mode & fileType
  if (type !== 0 && type !== regularFile && type !== directory)
    throw new RefusedArchive(path, 'link', 'links and devices are refused; put the file itself in its place')
  if (path.endsWith('/') || type === directory) return false
  if (method !== 0 && method !== 8)
    throw new RefusedArchive(path, 'method', 'only stored and deflated entries can be read')
  return true
}

function findContent(bytes: Buffer, { path, offset, packedBytes }: Entry): number {
  if (offset + localBytes > bytes.length || bytes.readUInt32LE(offset) !== localSignature) throw damaged(path)
  const nameEnd = offset + localBytes + bytes.readUInt16LE(offset + 26)
  if (decodeName(bytes.subarray(offset + localBytes, nameEnd)) !== path)
    throw new RefusedArchive(path, 'path', 'the archive has two names for one file')
  const start = nameEnd + bytes.readUInt16LE(offset + 28)
  if (start + packedBytes > bytes.length) throw damaged(path)
  return start
}

function inflate(packed: Buffer, path: string, tree: FileTree): Buffer {
  const { room } = tree
  const byRatio = Math.max(ratioFrom, packed.length * maxRatio)
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, Math.min(room, byRatio)) })
  } catch (error) {
    if (!(error instanceof RangeError) && codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw damaged(path)
    if (byRatio < room)
      throw new RefusedArchive(path, 'ratio', `the file unpacks to more than ${maxRatio} times its size`)
    throw tree.tooLarge(path)
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** Entries that share bytes are how a small archive says much. */
function requireApart(ranges: (readonly [start: number, end: number])[]): void {
  ranges.sort(([a], [b]) => a - b)
  for (const [index, [start]] of ranges.entries()) {
    const before = ranges[index - 1]
    if (before !== undefined && start < before[1])
      throw new RefusedArchive('', 'overlap', 'entries of the archive overlap')
  }
}

const damaged = (path: string): RefusedArchive =>
  new RefusedArchive(path, 'damaged', 'the archive is damaged')
