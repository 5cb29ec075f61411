import type { GatewayError } from '@routeiq/contract'
import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { type JsonRecord, readList } from '../../conversation/json-value.ts'
import type { ImagePart } from '../../conversation/part.ts'
import type { Finish } from '../../conversation/reply.ts'
import { formatItemId } from '../../conversation/response-item-id.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { ReplyHead, ReplyOptions, StreamFormatter } from '../protocol.ts'
import { CallItem } from './call-item.ts'
import { EventWriter } from './event-writer.ts'
import { formatFailure } from './format-error.ts'
import { formatUsage } from './format-usage.ts'
import { MessageItem } from './message-item.ts'
import { nativeFamily } from './native-family.ts'
import {
  announceItem,
  completeItem,
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
} from './output-item.ts'
import { ReasoningItem } from './reasoning-item.ts'
import { formatResponse, type ResponseState } from './response-object.ts'
import { type QualifiedName, readNamespaces } from './tool-namespaces.ts'

type EventOf<Type extends ReplyEvent['type']> = Extract<ReplyEvent, { readonly type: Type }>

/**
 * Writes one answer as the events of a response (OpenAI API reference, "Streaming events" of Responses). Items are
 * numbered in the order of their first appearance; several calls may be open at once, anything else closes what came
 * before it. Alternative answers have no form in this dialect: only the first is written.
 */
export class ResponsesStreamFormatter implements StreamFormatter {
  readonly #head: ReplyHead
  readonly #body: JsonRecord
  readonly #carrier: BlobCarrier
  readonly #writer = new EventWriter()
  readonly #namespaces: ReadonlyMap<string, QualifiedName>
  readonly #showsEncrypted: boolean
  /** Whole items in their places, null for one that is still open. */
  readonly #output: (JsonRecord | null)[] = []
  readonly #calls = new Map<number, { readonly item: CallItem; readonly index: number }>()
  #open: { readonly item: MessageItem | ReasoningItem; readonly index: number } | null = null
  #isStarted = false
  #hasRefusal = false
  #finish: Finish | null = null
  #usage: Usage | null = null

  constructor(head: ReplyHead, { body, carrier }: Pick<ReplyOptions, 'body' | 'carrier'>) {
    this.#head = head
    this.#body = body
    this.#carrier = carrier
    this.#namespaces = readNamespaces(body)
    this.#showsEncrypted = readList(body['include']).includes('reasoning.encrypted_content')
  }

  format(event: ReplyEvent): string {
    this.#start()
    if (event.type === 'usage-available') this.#usage = event.usage
    else if ('choice' in event && event.choice === 0) this.#push(event)
    return this.#writer.take()
  }

  end(): string {
    const response = this.reply()
    this.#writer.write(`response.${String(response['status'])}`, { response })
    return this.#writer.take()
  }

  /** The whole response. */
  reply(): JsonRecord {
    return this.#conceal(this.kept())
  }

  /** The whole response, with the encrypted reasoning that the next turn needs. */
  kept(): JsonRecord {
    this.#start()
    const incompleteReason = this.#incompleteReason()
    this.#closeAll(incompleteReason === 'max_output_tokens' ? 'incomplete' : 'completed')
    return this.#response({
      status: incompleteReason === null ? 'completed' : 'incomplete',
      incompleteReason,
    })
  }

  formatFailure(error: GatewayError): string {
    this.#start()
    const response = this.#response({ status: 'failed', error: formatFailure(error) })
    this.#writer.write('response.failed', { response: this.#conceal(response) })
    return this.#writer.take()
  }

  #start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    const response = this.#response({ status: 'in_progress' })
    this.#writer.write('response.created', { response })
    this.#writer.write('response.in_progress', { response })
  }

  #push(event: Extract<ReplyEvent, { readonly choice: number }>): void {
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') this.#message().append('text', event.text)
        return
      case 'refusal-delta':
        this.#hasRefusal = true
        this.#message().append('refusal', event.text)
        return
      case 'citation':
        this.#message().cite(event.citation)
        return
      case 'reasoning-delta':
        this.#reasoning().append(event.text)
        return
      case 'reasoning-signature':
        this.#reasoning().encrypt(this.#carrier.wrap(event.signature, 'signature', nativeFamily))
        this.#closeOpen('completed')
        return
      case 'reasoning-redacted':
        this.#closeOpen('completed')
        this.#reasoning().encrypt(this.#carrier.wrap(event.data, 'redacted', nativeFamily))
        this.#closeOpen('completed')
        return
      case 'block-end':
        if (this.#open?.item instanceof MessageItem) this.#open.item.closePart()
        else this.#closeOpen('completed')
        return
      case 'image':
        this.#addImage(event.image)
        return
      case 'finish':
        this.#finish = event.finish
        return
      case 'opaque':
        return
      default:
        this.#pushCall(event)
    }
  }

  #pushCall(event: EventOf<'tool-call-start' | 'tool-call-delta' | 'tool-call-end'>): void {
    if (event.type === 'tool-call-start') {
      this.#closeOpen('completed')
      const { id, kind, name } = event
      const tool = this.#namespaces.get(name) ?? { namespace: null, name }
      const place = this.#place(kind === 'function' ? 'fc' : 'ctc')
      const item = new CallItem(place, { callId: id, kind, tool })
      this.#calls.set(event.index, { item, index: place.index })
      return
    }
    const call = this.#calls.get(event.index)
    if (call === undefined) return
    if (event.type === 'tool-call-delta') call.item.append(event.arguments)
    else this.#closeCall(event.index, 'completed')
  }

  /** Images made by the model; one that is only referred to has no form here. */
  #addImage({ source }: ImagePart): void {
    if (source.kind !== 'base64') return
    this.#closeOpen('completed')
    const place = this.#place('ig')
    const item = { id: place.id, type: 'image_generation_call', status: 'completed', result: source.data }
    announceItem(place, { ...item, status: 'in_progress', result: null })
    completeItem(place, item)
    this.#output[place.index] = item
  }

  #message(): MessageItem {
    if (this.#open?.item instanceof MessageItem) return this.#open.item
    const place = this.#openPlace('msg')
    const item = new MessageItem(place)
    this.#open = { item, index: place.index }
    return item
  }

  #reasoning(): ReasoningItem {
    if (this.#open?.item instanceof ReasoningItem) return this.#open.item
    const place = this.#openPlace('rs')
    const item = new ReasoningItem(place, this.#showsEncrypted)
    this.#open = { item, index: place.index }
    return item
  }

  #openPlace(prefix: string): ItemPlace {
    this.#closeOpen('completed')
    return this.#place(prefix)
  }

  /** The id tells the response and the place, so that an item can be found by it. */
  #place(prefix: string): ItemPlace {
    const index = this.#output.push(null) - 1
    return { id: formatItemId(this.#head.id, prefix, index), index, writer: this.#writer }
  }

  #closeOpen(status: ItemStatus): void {
    if (this.#open === null) return
    const { item, index } = this.#open
    this.#open = null
    this.#close(item, index, status)
  }

  #closeCall(callIndex: number, status: ItemStatus): void {
    const call = this.#calls.get(callIndex)
    if (call === undefined) return
    this.#calls.delete(callIndex)
    this.#close(call.item, call.index, status)
  }

  #closeAll(status: ItemStatus): void {
    this.#closeOpen(status)
    for (const index of [...this.#calls.keys()]) this.#closeCall(index, status)
  }

  #close(item: OutputItem, index: number, status: ItemStatus): void {
    this.#output[index] = item.close(status)
  }

  #incompleteReason(): 'max_output_tokens' | 'content_filter' | null {
    if (this.#finish?.reason === 'length') return 'max_output_tokens'
    return this.#finish?.reason === 'content-filter' && !this.#hasRefusal ? 'content_filter' : null
  }

  #response(state: Partial<ResponseState> & Pick<ResponseState, 'status'>): JsonRecord {
    const output = this.#output.filter((item) => item !== null)
    const usage = this.#usage === null ? null : formatUsage(this.#usage)
    return formatResponse(this.#head, this.#body, { output, usage, ...state })
  }

  #conceal(response: JsonRecord): JsonRecord {
    return this.#showsEncrypted ? response : concealEncrypted(response)
  }
}

/** The response as clients see it that did not ask for encrypted reasoning. */
export function concealEncrypted(response: JsonRecord): JsonRecord {
  const output = readList(response['output']).map((item) => {
    const { encrypted_content: _, ...shown } = item as JsonRecord
    return shown
  })
  return { ...response, output }
}
