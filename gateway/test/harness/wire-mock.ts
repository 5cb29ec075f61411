import type { ChatAnswer } from './openai-wire.ts'
import type { ReceivedRequest } from './received-request.ts'

/** A provider's protocol as the scripted upstream speaks it. */
export interface WireMock {
  owns(path: string): boolean
  wantsStream(request: ReceivedRequest): boolean
  /** `content-type` of a streamed answer. */
  readonly streamType: string
  /** A whole answer to a request of this wire. */
  whole(answer: ChatAnswer, request: ReceivedRequest): object
  /** The same as a stream, each event by itself. */
  pieces(answer: ChatAnswer): readonly Buffer[]
  errorBody(message: string): object
  /** An error in the middle of a stream. */
  streamError(message: string): Buffer
}

export const promptTokens = 11
export const answerTokens = 7

/** The words of an answer's text, with their spaces. */
export function wordsOf({ content = 'Hello from the upstream.' }: ChatAnswer): string[] {
  return content.split(/(?<= )/)
}
