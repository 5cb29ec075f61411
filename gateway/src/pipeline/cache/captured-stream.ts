import { maxAnswerBytes } from '../../answer-cache/answer-cache.ts'
import { WrappedStream } from '../../relay/wrapped-stream.ts'
import type { CapturedText } from './caching.ts'

/** A stream whose text is remembered as it goes by, as long as it is not too long. */
export class CapturedStream extends WrappedStream implements CapturedText {
  readonly isStream = true
  #parts: string[] | null = []
  #length = 0

  text(): string | null {
    const text = this.#parts?.join('') ?? null
    return text !== null && this.encoding === 'latin1' ? Buffer.from(text, 'latin1').toString('utf8') : text
  }

  protected override pass(text: string | null): string | null {
    if (text === null || this.#parts === null) return text
    this.#length += text.length
    if (this.#length > maxAnswerBytes) this.#parts = null
    else this.#parts.push(text)
    return text
  }
}
