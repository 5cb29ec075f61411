import { setImmediate as nextTurn } from 'node:timers/promises'
import { Gzip } from 'fflate'
import { sortByPath } from '../tree-digest.ts'
import type { TreeFile } from './file-tree.ts'

const blockBytes = 512
const nameBytes = 100
const prefixBytes = 155
/** 1980-01-01T00:00:00Z, in seconds. */
const modifiedAt = 315_532_800
const level = 9
/** Compressed in one go; requests are served in between. */
const stepBytes = 131_072

/**
 * A gzipped tar (POSIX ustar, pax for long names) whose bytes depend on the tree alone: sorted, undated, without
 * owners and directories, one compressor in one version, fed in steps of one size. Its digest is published, so none of
 * this may change.
 */
export async function writeTarGz(files: readonly TreeFile[]): Promise<Buffer> {
  const blocks = sortByPath(files).flatMap(entryBlocks)
  const tar = Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
  const chunks: Uint8Array[] = []
  const gzip = new Gzip({ level, mtime: 0 }, (chunk) => chunks.push(chunk))
  for (let at = 0; at < tar.length; at += stepBytes) {
    gzip.push(tar.subarray(at, at + stepBytes), at + stepBytes >= tar.length)
    await nextTurn()
  }
  return Buffer.concat(chunks)
}

function entryBlocks({ path, content, isExecutable }: TreeFile): Buffer[] {
  const mode = isExecutable ? 0o755 : 0o644
  const split = splitName(path)
  if (split !== null) return fileBlocks('0', split, mode, content)
  const long = fileBlocks('x', { name: 'pax', prefix: '' }, 0o644, paxPath(path))
  return [...long, ...fileBlocks('0', { name: 'long', prefix: '' }, mode, content)]
}

/** Null when a path fits into no head. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (Buffer.byteLength(path) <= nameBytes) return { name: path, prefix: '' }
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
    if (Buffer.byteLength(name) <= nameBytes && Buffer.byteLength(prefix) <= prefixBytes)
      return { name, prefix }
  }
  return null
}

/** A record `length path=…`, where the length counts its own digits. */
function paxPath(path: string): Buffer {
  const rest = Buffer.byteLength(` path=${path}\n`)
  let length = rest
  while (length !== rest + String(length).length) length = rest + String(length).length
  return Buffer.from(`${length} path=${path}\n`)
}

function fileBlocks(
  type: '0' | 'x',
  { name, prefix }: { readonly name: string; readonly prefix: string },
  mode: number,
  content: Uint8Array,
): Buffer[] {
  const head = Buffer.alloc(blockBytes)
  head.write(name, 0)
  writeOctal(head, 100, 8, mode)
  writeOctal(head, 108, 8, 0)
  writeOctal(head, 116, 8, 0)
  writeOctal(head, 124, 12, content.byteLength)
  writeOctal(head, 136, 12, modifiedAt)
  // The checksum counts itself as blanks.
  head.fill(0x20, 148, 156)
  head.write(type, 156)
  head.write('ustar\x0000', 257)
  head.write(prefix, 345)
  const sum = head.reduce((total, byte) => total + byte, 0)
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((blockBytes - (content.byteLength % blockBytes)) % blockBytes)
  return [head, Buffer.from(content), padding]
}

function writeOctal(head: Buffer, at: number, length: number, value: number): void {
  head.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
}
