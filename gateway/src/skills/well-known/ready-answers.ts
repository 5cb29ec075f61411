import { createHash } from 'node:crypto'
import { digestContent } from '../tree-digest.ts'
import { type PublishedFile, readWhole } from './published-skill.ts'
import { headOf, type ReadyAnswer } from './send-file.ts'

/** Files up to here are held whole; larger ones are read for each request. */
const largestHeld = 262_144
const heldBytes = 33_554_432

/** A file and its head; `body` is null where the bytes are not held. */
interface FileAnswer extends Omit<ReadyAnswer, 'body'> {
  readonly body: string | null
}

/** Answers with files, the small ones kept in memory as long as there is room; what was kept first leaves first. */
export class ReadyAnswers {
  readonly #held = new Map<PublishedFile, ReadyAnswer>()
  readonly #digests = new WeakMap<PublishedFile, string>()
  #bytes = 0

  /** What is held, without waiting. */
  get(file: PublishedFile): ReadyAnswer | undefined {
    return this.#held.get(file)
  }

  /** Null when the file is no longer what was listed. `headers` is a flat name, value list. */
  async prepare(file: PublishedFile, headers: readonly string[]): Promise<FileAnswer | null> {
    if (file.sizeBytes > largestHeld) {
      const digest = this.#digests.get(file) ?? (await hashPieces(file))
      if (digest === null) return null
      this.#digests.set(file, digest)
      return { ...answerOf(digest, headers), body: null }
    }
    const bytes = await readWhole(file)
    if (bytes === null) return null
    const answer = { ...answerOf(digestContent(bytes), headers), body: bytes.toString('latin1') }
    this.#hold(file, answer)
    return answer
  }

  #hold(file: PublishedFile, answer: ReadyAnswer): void {
    if (this.#held.has(file)) return
    this.#held.set(file, answer)
    this.#bytes += answer.body.length
    for (const [oldest, { body }] of this.#held) {
      if (this.#bytes <= heldBytes) return
      this.#held.delete(oldest)
      this.#bytes -= body.length
    }
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
