import { ReplyCollector } from '../../conversation/collect-reply.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { type Round, RoundSplicer } from '../../injection/round-splicer.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'

/** The one answer the client gets, put together from the rounds of one attempt. */
export class SplicedAnswer {
  /** What the round that ended last was; null before. */
  round: Round | null = null
  readonly #turn: SkillTurn
  readonly #splicer: RoundSplicer
  readonly #visible = new ReplyCollector()

  constructor(turn: SkillTurn) {
    this.#turn = turn
    this.#splicer = new RoundSplicer(turn.ownTools, turn.holdsPreamble)
  }

  /** What of an event the client gets now. */
  push(event: ReplyEvent): readonly ReplyEvent[] {
    const passed = this.#splicer.push(event)
    for (const visible of passed) this.#visible.push(visible)
    return passed
  }

  /** The round is over: null when another is to follow, else what ends the answer. */
  endRound(): readonly ReplyEvent[] | null {
    const round = this.#splicer.endRound()
    this.round = round
    if (this.#turn.takeRound(round)) {
      this.#splicer.beginRound()
      return null
    }
    const last = this.#splicer.conclude()
    for (const event of last) this.#visible.push(event)
    this.#turn.finish(round, this.reply().choices[0]?.parts ?? [])
    return last
  }

  /** The round failed before anything of it came out; the next one takes its place. */
  forgetRound(): void {
    this.#splicer.forgetRound()
  }

  /** The whole answer as the client sees it. */
  reply(): ConversationReply {
    return this.#visible.reply()
  }
}
