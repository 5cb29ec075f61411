import type { GatewayError } from '@routeiq/contract'
import type { Usage } from '../conversation/usage.ts'
import type { CostTerms } from '../pricing/compute-cost.ts'
import type { UpstreamFailure } from '../providers/failure.ts'

/** A complete answer in the client's dialect. */
export interface PlainReply {
  /** Octets, or text that holds one octet a character. */
  readonly body: Buffer | string
  /** To be awaited before the answer is sent: keeps it for later turns. */
  readonly keep?: () => Promise<void>
  /** The body is a whole event stream, for a client that asked for one and a provider that does not stream. */
  readonly isStream?: true
  /** `application/json` unless given. */
  readonly contentType?: string
  readonly usage: Usage | null
  /** What else the bill depends on. */
  readonly terms?: Partial<CostTerms>
}

/** Makes the client's answer from the provider's whole body, or says what is wrong with it. */
export type ReplyReader = (body: Buffer, contentType: string) => PlainReply | UpstreamFailure

/**
 * Carries one event stream from provider to client. Text comes out only at event boundaries, so that a stream
 * cut in the middle of an event never leaves half of it with the client.
 */
export interface StreamRelay {
  /** How the text of this relay becomes bytes. `latin1` text is the provider's bytes, one character each. */
  readonly encoding: 'latin1' | 'utf8'
  /** What the `content-type` of a streamed answer contains; an answer of another type is whole. Lower case. */
  readonly mediaType: string
  /** Text to send now; null when no event is complete yet or the complete ones are not for the client. */
  push(chunk: Buffer): string | null
  /** The provider's body has ended; the remaining text, or null with `failure` set when it ended too early. */
  end(): string | null
  /** Set once the provider reported an error or broke the protocol; nothing more comes out. */
  readonly failure: UpstreamFailure | null
  readonly usage: Usage | null
  /** What else the bill depends on. */
  readonly terms?: Partial<CostTerms> | undefined
  /** A rough count of the tokens relayed, for streams whose provider reports no usage. */
  readonly estimatedOutputTokens: number
  /** What is left to send after a good end, once the answer is kept for later turns; null when nothing is. */
  conclude?(): Promise<string> | null
  /** The last event for a client whose stream broke off; null leaves it to the dialect, empty says nothing more. */
  formatFailure?(error: GatewayError): string | null
}
