import { type FileHandle, open } from 'node:fs/promises'
import { measureLines } from './segment-lines.ts'
import type { SegmentFile } from './segments.ts'
import type { SpendLines } from './spend-row.ts'

const pieceBytes = 512 * 1024
const pieceLines = 1_000

export interface SegmentPiece {
  /** Their text is overwritten when the next piece is asked for. */
  readonly lines: SpendLines
  /** A single line at the end of the segment that has no line feed. */
  readonly torn: boolean
}

/**
 * Reads segments in pieces of up to 1 000 lines and half a megabyte; only a longer line is a larger piece. One
 * segment at a time, into one buffer that stays: fresh megabytes would cost collections of the whole heap.
 */
export class SegmentReader {
  readonly #buffer = Buffer.allocUnsafeSlow(pieceBytes)

  /** Yields nothing when another process took the segment. */
  async *read({ id, path }: SegmentFile): AsyncGenerator<SegmentPiece> {
    const file = await openExisting(path)
    if (file === null) return
    try {
      let buffer = this.#buffer
      let filled = 0
      let firstLine = 0
      for (;;) {
        filled = await fill(file, buffer, filled)
        const { count, end } = measureLines(buffer.subarray(0, filled), pieceLines)
        if (count > 0) {
          yield { lines: { segment: id, firstLine, count, text: buffer.subarray(0, end) }, torn: false }
          filled = buffer.copy(buffer, 0, end + 1, filled)
          firstLine += count
        } else if (filled === buffer.length) {
          buffer = Buffer.concat([buffer], 2 * buffer.length)
        } else {
          const text = buffer.subarray(0, filled)
          if (filled > 0) yield { lines: { segment: id, firstLine, count: 1, text }, torn: true }
          return
        }
      }
    } finally {
      await file.close()
    }
  }
}

/** Reads until the buffer is full or the file ends; returns how much of the buffer is then in use. */
async function fill(file: FileHandle, buffer: Buffer, used: number): Promise<number> {
  let filled = used
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path)
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
