import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { Attempt, AttemptResult } from '../../relay/attempt.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { Answer } from '../call.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import { priceOf } from '../price-answer.ts'
import type { Progress } from '../progress.ts'
import { startAttempt, verdictOf } from '../start-attempt.ts'
import type { UpstreamExchange } from '../upstream-exchange.ts'
import { InjectedRequest } from './injected-request.ts'
import { SplicedAnswer } from './spliced-answer.ts'
import { type RoundSequence, SplicedCall } from './spliced-call.ts'
import type { SplicedRelay } from './spliced-relay.ts'

/**
 * One attempt of a request with skills: calls the deployment, serves the calls of our tool and calls it again, until there
 * is an answer for the client. A failure of the first call is the attempt's; later ones are dealt with here.
 */
export async function callWithSkills(
  gateway: Gateway,
  request: ModelRequest,
  turn: SkillTurn,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<Answer | UpstreamFailure> {
  turn.restart(planned.deployment.id)
  const rounds = new Rounds(gateway, request, turn, planned, progress)
  const first = rounds.start()
  request.exchange.whenClientGone(() => rounds.cancel())
  const result = verdictOf(first, await first.result, progress)
  if (result.kind !== 'failure') return rounds.answer(first, result)
  progress.failedFields = first.fields
  return result.failure
}

/** The upstream calls of one attempt. */
class Rounds implements RoundSequence {
  readonly #gateway: Gateway
  readonly #request: ModelRequest
  readonly #turn: SkillTurn
  readonly #planned: PlannedAttempt
  readonly #progress: Progress
  readonly #injected: InjectedRequest
  readonly #answer: SplicedAnswer
  readonly #relay: SplicedRelay | null
  /** Events of whole answers, and whether they are those of the last round. */
  #events: ReplyEvent[] = []
  #isOver = false
  #recoveries = 0
  #current: Attempt | null = null

  constructor(
    gateway: Gateway,
    request: ModelRequest,
    turn: SkillTurn,
    planned: PlannedAttempt,
    progress: Progress,
  ) {
    this.#gateway = gateway
    this.#request = request
    this.#turn = turn
    this.#planned = planned
    this.#progress = progress
    this.#injected = new InjectedRequest(request, turn, planned, gateway.blobs)
    this.#answer = new SplicedAnswer(turn)
    this.#relay = request.stream ? this.#injected.createRelay(this.#answer) : null
  }

  get goesOn(): boolean {
    return this.#relay?.goesOn ?? false
  }

  /** The next upstream call. */
  start(withTool = true): Attempt {
    const { encoded, exchange } = this.#injected.next(withTool)
    this.#progress.dropped = encoded.dropped
    this.#relay?.beginRound(this.#injected.createDecoder(encoded.replyContext))
    const prepared: Omit<UpstreamExchange, 'dropped'> = {
      ...exchange,
      relay: this.#relay,
      readReply: (body) => this.#readWhole(this.#injected.decode(body, encoded.replyContext)),
    }
    this.#current = startAttempt(this.#gateway.transport, this.#request, this.#planned, prepared)
    return this.#current
  }

  cancel(): void {
    this.#current?.cancel()
    this.#turn.abandon()
  }

  /** The client's answer, begun by the first call. */
  async answer(
    attempt: Attempt,
    result: Exclude<AttemptResult, { kind: 'failure' | 'cancelled' }>,
  ): Promise<Answer | UpstreamFailure> {
    if (result.kind === 'stream')
      return { attempt: new SplicedCall(attempt, this), planned: this.#planned, result, relay: this.#relay }
    let last = attempt
    while (!this.#isOver) {
      const following = await this.next()
      if ('kind' in following) return following
      last = following
    }
    const reply = this.#formatWhole()
    return { attempt: last, planned: this.#planned, result: { ...result, reply }, relay: null }
  }

  async next(): Promise<Attempt | UpstreamFailure> {
    this.#bill()
    await this.#turn.serveCalls()
    return this.#begin(true)
  }

  /** Once more, then without our tool; never when the client has got something of the call that broke. */
  async recover(failure: UpstreamFailure): Promise<Attempt | UpstreamFailure> {
    const isFirst = this.#progress.rounds.length === 0
    if (isFirst || this.#relay?.hasWritten === true || this.#recoveries >= 2) return failure
    this.#recoveries += 1
    this.#answer.forgetRound()
    return this.#begin(this.#recoveries < 2)
  }

  async #begin(withTool: boolean): Promise<Attempt | UpstreamFailure> {
    const attempt = this.start(withTool)
    const result = verdictOf(attempt, await attempt.result, this.#progress)
    return result.kind === 'failure' ? this.recover(result.failure) : attempt
  }

  /** A round that another one follows is a call of its own, with a price of its own. */
  #bill(): void {
    const usage = this.#answer.round?.usage ?? null
    this.#progress.rounds.push({ usage, ...priceOf(this.#planned.deployment, usage, undefined) })
  }

  #readWhole(reply: ReturnType<InjectedRequest['decode']>): PlainReply | UpstreamFailure {
    if ('kind' in reply) return reply
    for (const event of replayReply(reply)) this.#events.push(...this.#answer.push(event))
    const last = this.#answer.endRound()
    this.#isOver = last !== null
    this.#events.push(...(last ?? []))
    return { body: '', usage: reply.usage }
  }

  #formatWhole(): PlainReply {
    const usage = this.#answer.round?.usage ?? null
    return { ...this.#injected.formatWhole(this.#answer.reply(), this.#events), usage }
  }
}
