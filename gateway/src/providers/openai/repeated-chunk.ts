import { parseJson, readRecord, readRecords } from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'

type TextDelta = Extract<StreamEvent, { readonly type: 'text-delta' }>

const quote = 0x22
const backslash = 0x5c
/** Stands where a text stood while an event is tried as a pattern. */
const probe = 'routeiq-probe'
/** Members of a chunk's end that change with every event and mean nothing: OpenAI's padding against eavesdroppers. */
const padding = '"obfuscation":'

/**
 * What the text events of a stream have in common. Of a long answer nearly all events are the same but for their text, and
 * parsing all of such an event is half of what translating it costs. So the last text event is kept as a pattern: what is
 * equal to it but for the text's literal (and the padding's) says the same but for the text. That holds for whatever
 * the event consists of, because a JSON string may stand in the place of another and changes nothing around it.
 */
export class RepeatedChunk {
  /** What stands in front of the text, between the text and the padding's value, and behind. */
  readonly #head: string
  readonly #middle: string
  readonly #tail: string | null
  readonly #choice: number

  private constructor(choice: number, head: string, middle: string, tail: string | null) {
    this.#choice = choice
    this.#head = head
    this.#middle = middle
    this.#tail = tail
  }

  /** The pattern of data that meant no more than this text, null where the place of the text is not certain. */
  static of(data: string, { choice, text }: TextDelta): RepeatedChunk | null {
    const literal = JSON.stringify(text)
    const start = data.indexOf(literal)
    const head = data.slice(0, start)
    const rest = data.slice(start + literal.length)
    if (start === -1 || contentOf(head + JSON.stringify(probe) + rest) !== probe) return null
    const padded = rest.indexOf(padding)
    if (padded === -1) return new RepeatedChunk(choice, head, rest, null)
    const value = padded + padding.length
    const end = endOfLiteral(rest, value)
    return end === -1 ? null : new RepeatedChunk(choice, head, rest.slice(0, value), rest.slice(end))
  }

  /** What other data of this pattern means, null for any other data. */
  decode(data: string): TextDelta | null {
    if (!data.startsWith(this.#head)) return null
    const start = this.#head.length
    const end = endOfLiteral(data, start)
    if (end === -1 || !this.#endsAs(data, end)) return null
    // Parsed, and not cut out: that undoes escapes, and a slice would keep all of the chunk it is cut from in memory.
    const text = parseJson(data.slice(start, end))
    return typeof text === 'string' && text !== '' ? { type: 'text-delta', choice: this.#choice, text } : null
  }

  #endsAs(data: string, position: number): boolean {
    const middle = this.#middle
    if (!data.startsWith(middle, position)) return false
    const start = position + middle.length
    if (this.#tail === null) return start === data.length
    const end = endOfLiteral(data, start)
    return end !== -1 && data.length - end === this.#tail.length && data.endsWith(this.#tail)
  }
}

/** The offset behind the string literal that begins at `start`, -1 when none does. */
function endOfLiteral(text: string, start: number): number {
  if (text.charCodeAt(start) !== quote) return -1
  for (let at = start + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === quote) return at + 1
    if (unit === backslash) at += 1
  }
  return -1
}

function contentOf(data: string): unknown {
  const choice = readRecords(readRecord(parseJson(data))?.['choices'])[0]
  return readRecord(choice?.['delta'])?.['content']
}
