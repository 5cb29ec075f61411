import {
  type JsonRecord,
  readNumber,
  readRecord,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'

interface OpenCall {
  readonly index: number
  readonly providerIndex: number | null
  id: string | null
  name: string | null
  /** Argument text that came before the name. */
  held: string
  isStarted: boolean
}

/**
 * Turns `tool_calls` deltas of one choice into events with a dense index. Copes with vendors that leave out the
 * index or the id, use one index for several calls, repeat id and name on every delta, or send arguments first.
 */
export class ToolCallAssembler {
  readonly #choice: number
  readonly #calls: OpenCall[] = []
  #replyId = ''

  constructor(choice: number) {
    this.#choice = choice
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0
  }

  push(delta: JsonRecord, replyId: string | null, events: StreamEvent[]): void {
    this.#replyId = replyId ?? ''
    const custom = readRecord(delta['custom'])
    const body = custom ?? readRecord(delta['function']) ?? {}
    const id = readText(delta['id'])
    const name = readText(body['name'])
    const call = this.#find(readNumber(delta['index']), id, name)
    call.id ??= id
    call.name ??= name
    const argumentText = argumentsText(custom === null ? body['arguments'] : body['input'])
    if (!call.isStarted && call.name !== null)
      this.#start(call, custom === null ? 'function' : 'custom', events)
    if (call.isStarted) this.#append(call, argumentText, events)
    else call.held += argumentText
  }

  /** Closes every call; nothing may follow. */
  end(events: StreamEvent[]): void {
    for (const { index, isStarted } of this.#calls) {
      if (isStarted) events.push({ type: 'tool-call-end', choice: this.#choice, index })
    }
  }

  #find(providerIndex: number | null, id: string | null, name: string | null): OpenCall {
    const call = this.#calls.findLast((known) =>
      providerIndex === null ? id === null || known.id === id : known.providerIndex === providerIndex,
    )
    const isOther = call?.id != null && id !== null && call.id !== id && name !== null
    const isNext = call?.isStarted === true && providerIndex === null && id === null && name !== null
    if (call !== undefined && !isOther && !isNext) return call
    const opened = {
      index: this.#calls.length,
      providerIndex,
      id: null,
      name: null,
      held: '',
      isStarted: false,
    }
    this.#calls.push(opened)
    return opened
  }

  #start(call: OpenCall, kind: 'function' | 'custom', events: StreamEvent[]): void {
    call.isStarted = true
    const id = call.id ?? `call_${this.#replyId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-24)}_${call.index}`
    const { index, name } = call
    events.push({ type: 'tool-call-start', choice: this.#choice, index, id, name: name ?? '', kind })
    this.#append(call, call.held, events)
    call.held = ''
  }

  #append(call: OpenCall, text: string, events: StreamEvent[]): void {
    if (text === '') return
    events.push({ type: 'tool-call-delta', choice: this.#choice, index: call.index, arguments: text })
  }
}

/** Some vendors send the arguments as an object. */
function argumentsText(value: unknown): string {
  return readString(value) ?? (readRecord(value) === null ? '' : JSON.stringify(value))
}
