import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { BlobSealer } from '../../conversation/blob-sealer.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { ReplyContext } from '../../providers/reply-context.ts'
import type { EncodedRequest, StreamDecoder, WireTarget } from '../../providers/wire.ts'
import type { PlainReply } from '../../relay/relay.ts'
import { carrierOf } from '../carrier-of.ts'
import { forwardedHeaders } from '../forwarded-headers.ts'
import { keeperOf } from '../history.ts'
import type { ModelRequest } from '../model-request.ts'
import { decodeAnswer, formatAsStream, formatReply, formatterOf } from '../translated-exchange.ts'
import { describeTarget, type UpstreamExchange } from '../upstream-exchange.ts'
import { pathOf } from '../upstream-path.ts'
import { describeSkillsComment } from './describe-skills.ts'
import { parseWithSkills } from './parse-with-skills.ts'
import type { SplicedAnswer } from './spliced-answer.ts'
import { SplicedRelay } from './spliced-relay.ts'

/** A request with skills as one deployment gets it, call after call, and the client's form of its answer. */
export class InjectedRequest {
  readonly #request: ModelRequest
  readonly #turn: SkillTurn
  readonly #deployment: Deployment
  readonly #target: WireTarget
  readonly #carrier: BlobCarrier
  readonly #conversation: ConversationRequest

  constructor(
    request: ModelRequest,
    turn: SkillTurn,
    { deployment, overrides }: Pick<PlannedAttempt, 'deployment' | 'overrides'>,
    blobs: BlobSealer,
  ) {
    this.#request = request
    this.#turn = turn
    const parsed = parseWithSkills(request, deployment, overrides, blobs)
    this.#deployment = parsed.deployment
    this.#conversation = parsed.conversation
    this.#target = describeTarget(request, this.#deployment)
    this.#carrier = carrierOf(blobs, this.#deployment)
  }

  /** The next call. */
  next(withTool: boolean): {
    readonly encoded: EncodedRequest
    readonly exchange: Pick<UpstreamExchange, 'path' | 'headers' | 'body' | 'rest'>
  } {
    const conversation = this.#turn.prepare(this.#conversation, withTool)
    const encoded = this.#deployment.wire.encodeRequest(conversation, this.#target)
    const exchange = {
      path: pathOf('chat', this.#deployment, this.#request.stream),
      headers: forwardedHeaders(this.#request, this.#deployment, encoded.headers),
      body: Buffer.from(JSON.stringify(encoded.body)),
      rest: null,
    }
    return { encoded, exchange }
  }

  decode(body: Buffer, context: ReplyContext): ConversationReply | UpstreamFailure {
    return decodeAnswer(body, this.#deployment.wire, context)
  }

  createDecoder(context: ReplyContext): StreamDecoder {
    return this.#deployment.wire.createStreamDecoder(context)
  }

  createRelay(answer: SplicedAnswer): SplicedRelay {
    const { protocol } = this.#request
    return new SplicedRelay({
      framing: this.#deployment.wire.framing,
      answer,
      formatter: formatterOf(this.#request, this.#carrier),
      keep: keeperOf(this.#request),
      closingComment: () =>
        protocol.streamType.startsWith('text/event-stream') ? describeSkillsComment(this.#turn.outcome) : '',
    })
  }

  /** The whole answer, or its events for a client that asked for a stream. */
  formatWhole(reply: ConversationReply, events: readonly ReplyEvent[]): Omit<PlainReply, 'usage'> {
    return this.#request.stream
      ? formatAsStream(events, formatterOf(this.#request, this.#carrier), keeperOf(this.#request))
      : formatReply(reply, this.#request, this.#carrier)
  }
}
