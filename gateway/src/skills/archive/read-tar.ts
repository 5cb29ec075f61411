import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import { FileTree, largestTotalBytes, RefusedArchive } from './file-tree.ts'

const blockBytes = 512
/** All files of a skill, their heads, and padding. */
const maxTarBytes = 32_000_000
const maxRatio = 100
const ratioFrom = 1_048_576
const maxNameBytes = 4_096

/** Unpacks a gzipped tar (POSIX ustar and pax, GNU long names). Errors: RefusedArchive. */
export function readTarGz(bytes: Buffer, maxTotalBytes = largestTotalBytes): FileTree {
  const tree = new FileTree(maxTotalBytes)
  const limit = Math.min(maxTarBytes, Math.max(ratioFrom, bytes.length * maxRatio))
  let tar: Buffer
  try {
    tar = gunzipSync(bytes, { maxOutputLength: limit })
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    if (!isTooLarge) throw new RefusedArchive('', 'not-gzip', 'the bytes are no gzip archive')
    if (limit === maxTarBytes) throw tree.tooLarge('')
    throw new RefusedArchive('', 'ratio', `the archive unpacks to more than ${maxRatio} times its size`)
  }
  return readTar(tar, tree)
}

function readTar(tar: Buffer, tree: FileTree): FileTree {
  let longName: string | null = null
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const head = tar.subarray(at, at + blockBytes)
    if (head.every((byte) => byte === 0)) break
    requireChecksum(head)
    const size = readOctal(head, 124, 12)
    const start = at + blockBytes
    if (start + size > tar.length) throw new RefusedArchive('', 'damaged', 'the archive ends early')
    const content = tar.subarray(start, start + size)
    const type = String.fromCharCode(head[156] ?? 0)
    if (type === 'L' || type === 'x') longName = readLongName(type, content) ?? longName
    else if (type !== 'g') {
      addEntry(tree, longName ?? readName(head), type, content, readOctal(head, 100, 8))
      longName = null
    }
    at = start + Math.ceil(size / blockBytes) * blockBytes
  }
  return tree
}

function addEntry(tree: FileTree, path: string, type: string, content: Buffer, mode: number): void {
  if (type === '5') FileTree.isWanted(path)
  else if (type === '0' || type === '\0') {
    if (!path.endsWith('/'))
      tree.add({ path: withoutDot(path), content: Buffer.from(content), isExecutable: (mode & 0o111) !== 0 })
  } else
    throw new RefusedArchive(path, 'link', 'links and devices are refused; put the file itself in its place')
}

/** `tar -C dir .` writes `./` before every path. */
const withoutDot = (path: string): string => (path.startsWith('./') ? path.slice(2) : path)

function readName(head: Buffer): string {
  const name = readText(head, 0, 100)
  const prefix = head.toString('latin1', 257, 262) === 'ustar' ? readText(head, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** A GNU long name is the content; pax gives records `length key=value`. */
function readLongName(type: 'L' | 'x', content: Buffer): string | null {
  if (content.length > maxNameBytes * 4) throw new RefusedArchive('', 'path', 'a path is too long')
  if (type === 'L')
    return decode(content.subarray(0, content.indexOf(0) === -1 ? content.length : content.indexOf(0)))
  let path: string | null = null
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = Number(content.toString('latin1', at, space))
    if (space === -1 || !Number.isInteger(length) || length < 5) break
    const record = decode(content.subarray(space + 1, at + length - 1))
    if (record.startsWith('path=')) path = record.slice(5)
    if (record.startsWith('size=') || record.startsWith('GNU.sparse'))
      throw new RefusedArchive('', 'pax', 'sparse files and sizes in pax records are not read')
    at += length
  }
  return path
}

function readText(head: Buffer, start: number, length: number): string {
  const field = head.subarray(start, start + length)
  const end = field.indexOf(0)
  return decode(end === -1 ? field : field.subarray(0, end))
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RefusedArchive('', 'path', 'a path is not valid UTF-8')
  return bytes.toString('utf8')
}

function readOctal(head: Buffer, start: number, length: number): number {
  const text = head
    .toString('latin1', start, start + length)
    .replace(/[\0 ]+$/, '')
    .trim()
  if (!/^[0-7]*$/.test(text))
    throw new RefusedArchive('', 'damaged', 'a number in the archive cannot be read')
  return text === '' ? 0 : Number.parseInt(text, 8)
}

function requireChecksum(head: Buffer): void {
  let sum = 8 * 0x20
  for (const [index, byte] of head.entries()) if (index < 148 || index >= 156) sum += byte
  if (sum !== readOctal(head, 148, 8)) throw new RefusedArchive('', 'not-tar', 'the bytes are no tar archive')
}
