import { createHash } from 'node:crypto'
import type { PublishedFile } from './published-skill.ts'
import { readWhole } from './published-skill.ts'
import { headOf, type ReadyAnswer } from './send-file.ts'

/** Files up to here are held whole; larger ones are read for each request. */
const largestHeld = 262_144
const heldBytes = 33_554_432
const heldDigests = 4_096

/** A file and its head; `body` is null where the bytes are not held. */
export interface FileAnswer extends Omit<ReadyAnswer, 'body'> {
  readonly body: string | null
}

/** Answers with files, the small ones kept in memory as long as there is room; what was kept first leaves first. */
export class ReadyAnswers {
  readonly #held = new Map<string, ReadyAnswer>()
  readonly #digests = new Map<string, string>()
  #bytes = 0

  /** What is held, without waiting. */
  get(key: string): ReadyAnswer | undefined {
    return this.#held.get(key)
  }

  /** Null when the file is no longer what was listed. `headers` is a flat name, value list. */
  async prepare(key: string, file: PublishedFile, headers: readonly string[]): Promise<FileAnswer | null> {
    if (file.sizeBytes > largestHeld) {
      const digest = this.#digests.get(key) ?? (await hashPieces(file))
      if (digest === null) return null
      this.#keepDigest(key, digest)
      return { ...answerOf(digest, headers), body: null }
    }
    const bytes = await readWhole(file)
    if (bytes === null) return null
    const digest = createHash('sha256').update(bytes).digest('hex')
    const answer = { ...answerOf(digest, headers), body: bytes.toString('latin1') }
    this.#hold(key, answer)
    return answer
  }

  #hold(key: string, answer: ReadyAnswer): void {
    if (this.#held.has(key)) return
    this.#held.set(key, answer)
    this.#bytes += answer.body.length
    for (const [oldest, { body }] of this.#held) {
      if (this.#bytes <= heldBytes) return
      this.#held.delete(oldest)
      this.#bytes -= body.length
    }
  }

  #keepDigest(key: string, digest: string): void {
    if (this.#digests.size >= heldDigests) this.#digests.clear()
    this.#digests.set(key, digest)
  }
}

function answerOf(digest: string, headers: readonly string[]): Omit<ReadyAnswer, 'body'> {
  const etag = `"${digest}"`
  return { etag, head: headOf(etag, headers) }
}

async function hashPieces(file: PublishedFile): Promise<string | null> {
  const pieces = await file.open()
  if (pieces === null) return null
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
