import { type AnswerFacts, type CascadePlan, findFault, isSameAnswer, keepsOwnAnswer } from '@routeiq/router'
import type { AttemptPlan } from '../../balancing/attempt-plan.ts'
import { listPrices } from '../../deployments/build-group.ts'
import type { Resolution } from '../../deployments/resolve-model.ts'
import type { CallShape } from '../../governance/estimate-use.ts'
import { saysYes } from '../../model-routing/judging/self-verdict.ts'
import type { ModelChoice } from '../../model-routing/model-choice.ts'
import { type Answer, call } from '../call.ts'
import { chooseDeployment } from '../choose-deployment.ts'
import type { Gateway } from '../gateway.ts'
import { holdStream } from '../guarded/held-stream.ts'
import { keeperOf } from '../history.ts'
import type { ModelRequest } from '../model-request.ts'
import { priceOf } from '../price-answer.ts'
import { Progress } from '../progress.ts'
import { canReadAnswers, readAnswer } from './read-answer.ts'
import { askWhetherRight, canVerify } from './verify-answer.ts'

/** The answer that is kept, and the plan of the call that gave it. */
interface CascadeAnswer {
  readonly answer: Answer
  readonly plan: AttemptPlan
}

/** A choice with the plan of several calls. */
interface CascadeChoice {
  readonly choice: ModelChoice
  readonly plan: CascadePlan
}

/**
 * The plan, where the answer may come of several calls: a plain answer of one choice (or a stream that may wait), in a dialect that can be
 * read, with nothing of the gateway's between the calls, and money for all of them. What may not is routed as ever, and says so. Null for one call.
 */
export function cascadeOf(
  request: ModelRequest,
  progress: Progress,
): CascadeChoice | null | Promise<CascadeChoice | null> {
  const { choice, reservation } = progress
  if (choice === null || choice.cascade === null) return null
  const { cascade: plan } = choice
  const conclude = (isAllowed: boolean): CascadeChoice | null => {
    if (isAllowed) return { choice, plan }
    progress.choice = { ...choice, cascade: null, reasons: [...choice.reasons, 'cascade_not_applicable'] }
    return null
  }
  if (!allowsCascade(request, plan)) return conclude(false)
  const covered = reservation?.cover(possibleCalls(request, choice, plan)) ?? true
  return covered instanceof Promise ? covered.then(conclude) : conclude(covered)
}

/** Every call the plan may come to. */
function possibleCalls(
  { operation, bytes, body }: ModelRequest,
  { decision, routed }: ModelChoice,
  plan: CascadePlan,
): readonly CallShape[] {
  return positionsOf(plan).flatMap((at) => {
    const arm = routed.arms.find(({ name }) => name === decision.models[at]?.name)
    if (arm === undefined) return []
    const { deployments } = arm
    const group = { name: routed.name, deployments, priceLists: listPrices(deployments) }
    return [{ group, operation, bytes: bytes.length, body }]
  })
}

function positionsOf(plan: CascadePlan): readonly number[] {
  if (plan.mode === 'agreement') return [plan.first, plan.second, plan.strong]
  if (plan.mode === 'validity') return plan.rungs
  return [plan.small, ...Array.from({ length: plan.samples }, () => plan.small), plan.large]
}

function allowsCascade(request: ModelRequest, { mode, buffersStreams }: CascadePlan): boolean {
  const { stream, operation, skills, container, boundTo, upload, body, protocol } = request
  // A stream that is kept for later turns is so by its end, be it the client's or not.
  const isInTime = !stream || (buffersStreams && keeperOf(request) === null)
  const isPlain = isInTime && operation === 'chat' && (body['n'] ?? 1) === 1
  const hasSideEffects = skills !== null || container !== null || boundTo !== null || upload !== null
  const isReadable = canReadAnswers(protocol.id) && (mode !== 'verify' || canVerify(request))
  return isPlain && !hasSideEffects && body['store'] !== true && isReadable
}

/**
 * Calls cheap models first and dear ones only where the cheap answers do not hold. All calls are billed; the client sees one
 * answer. Of streams those of cheap models are held until they are judged, the last one flows. Errors: those of the last call, when nothing before it can be kept.
 */
export async function callCascade(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  { choice, plan }: CascadeChoice,
  progress: Progress,
): Promise<CascadeAnswer> {
  const cascade = new Cascade(gateway, request, resolution, choice, progress)
  try {
    return await climb(cascade, plan)
  } finally {
    cascade.close()
  }
}

function climb(cascade: Cascade, plan: CascadePlan): Promise<CascadeAnswer> {
  if (plan.mode === 'agreement') return agree(cascade, plan)
  return plan.mode === 'validity' ? climbRungs(cascade, plan) : verify(cascade, plan)
}

type Plan<Mode extends CascadePlan['mode']> = Extract<CascadePlan, { mode: Mode }>

async function agree(cascade: Cascade, plan: Plan<'agreement'>): Promise<CascadeAnswer> {
  const calls = [cascade.call(plan.first), cascade.call(plan.second)] as const
  // When the client leaves, the other call is still waited for: it is to be billed.
  await Promise.allSettled(calls)
  const [one, other] = await Promise.all(calls)
  const [left, right] = [one?.facts ?? null, other?.facts ?? null]
  const agrees =
    left !== null &&
    right !== null &&
    plan.comparator !== null &&
    isSameAnswer(plan.comparator, left, right, plan.ignoredPaths)
  if (agrees && one !== null) return cascade.keep(one, 'agreed')
  return cascade.finish(plan.strong, 'disagreed', one ?? other)
}

async function climbRungs(cascade: Cascade, { rungs, confidence }: Plan<'validity'>): Promise<CascadeAnswer> {
  const expected = { ...cascade.expected, allowsOtherTools: false, confidence }
  let fault = 'failed'
  for (const at of rungs.slice(0, -1)) {
    const called = await cascade.call(at)
    fault =
      called === null
        ? 'failed'
        : called.facts === null
          ? 'unreadable'
          : (findFault(called.facts, expected) ?? '')
    if (called !== null && fault === '') return cascade.keep(called, 'valid')
  }
  return cascade.finish(rungs.at(-1) ?? 0, fault, null)
}

async function verify(cascade: Cascade, plan: Plan<'verify'>): Promise<CascadeAnswer> {
  const called = await cascade.call(plan.small)
  if (called === null || called.facts === null) return cascade.finish(plan.large, 'failed', null)
  const share = await cascade.ask(plan, called.facts)
  return keepsOwnAnswer(plan.table, share, cascade.priceOf(plan.large))
    ? cascade.keep(called, 'verified')
    : cascade.finish(plan.large, 'not_verified', called)
}

/** One of the calls that came back with an answer. */
interface Called {
  readonly arm: string
  readonly plan: AttemptPlan
  readonly progress: Progress
  readonly answer: Answer
  /** Null when the answer cannot be read. */
  readonly facts: AnswerFacts | null
}

/** The calls behind one answer: each with a plan and a record of its own, put together at the end. */
class Cascade {
  readonly #gateway: Gateway
  readonly #request: ModelRequest
  readonly #resolution: Resolution
  readonly #choice: ModelChoice
  readonly #progress: Progress
  /** Answers that were got and are not decided about. */
  readonly #open = new Set<Called>()

  constructor(
    gateway: Gateway,
    request: ModelRequest,
    resolution: Resolution,
    choice: ModelChoice,
    progress: Progress,
  ) {
    this.#gateway = gateway
    this.#request = request
    this.#resolution = resolution
    this.#choice = choice
    this.#progress = progress
    progress.isUndecided = true
  }

  /** What an answer has to be, as far as the request says. */
  get expected(): ModelChoice['ask']['expected'] {
    return this.#choice.ask.expected
  }

  /** What a call of that model is worth, in quality: by the price of money of this decision. */
  priceOf(position: number): number {
    const { lambda, costRef, scores } = this.#choice.decision
    return (lambda * (scores.cost[position] ?? 0)) / costRef
  }

  /** Null when the model fails: a cascade then goes on as if it had not known. */
  async call(position: number): Promise<Called | null> {
    try {
      return await this.#call(position, this.#request, 'held')
    } catch (error) {
      if (this.#request.exchange.clientGone) throw error
      return null
    }
  }

  /** The share of "yes" when the model is asked whether its own answer is right. */
  async ask(plan: Plan<'verify'>, answer: AnswerFacts): Promise<number> {
    const question = await askWhetherRight(this.#request, answer.text)
    const asked = await Promise.all(
      Array.from({ length: plan.samples }, async () => {
        const called = await this.#call(plan.small, question, 'held').catch(() => null)
        if (called !== null) this.#bill(called)
        return called?.facts ?? null
      }),
    )
    const judged = asked.filter((facts) => facts !== null)
    const yes = judged.filter(({ text }) => saysYes(text)).length
    return judged.length === 0 ? 0 : yes / judged.length
  }

  /** The last call. When it fails, what a cheap model said is still an answer. */
  async finish(position: number, why: string, kept: Called | null): Promise<CascadeAnswer> {
    try {
      return this.keep(await this.#call(position, this.#request, 'live'), `escalated:${why}`)
    } catch (error) {
      if (kept === null || this.#request.exchange.clientGone) throw error
      return this.keep(kept, 'escalation_failed')
    }
  }

  /** That answer is the client's; the others are billed. */
  keep(called: Called, outcome: string): CascadeAnswer {
    this.#open.delete(called)
    this.#progress.isUndecided = false
    for (const other of this.#open) this.#bill(other)
    const { progress } = called
    this.#progress.deployment = progress.deployment
    this.#progress.strategy = progress.strategy
    this.#progress.dropped = progress.dropped
    this.#progress.usageEstimated = progress.usageEstimated
    if (called.answer.result.kind === 'stream') {
      this.#progress.captured = progress.captured
      this.#progress.firstByteAt = progress.firstByteAt
    }
    this.#progress.choice = {
      ...this.#choice,
      chosen: called.arm,
      order: [called.arm, ...this.#choice.order.filter((arm) => arm !== called.arm)],
      reasons: [`cascade_${outcome}`, ...this.#choice.reasons],
    }
    return { answer: called.answer, plan: called.plan }
  }

  /** What was got and not kept was paid for all the same. */
  close(): void {
    this.#progress.isUndecided = false
    for (const called of this.#open) this.#bill(called)
  }

  /** A `live` stream comes back once it has begun, a `held` one when it is complete. */
  async #call(position: number, request: ModelRequest, mode: 'held' | 'live'): Promise<Called> {
    const arm = this.#choice.decision.models[position]?.name ?? this.#choice.chosen
    const progress = new Progress(false)
    progress.caller = this.#progress.caller
    progress.choice = this.#choice
    progress.capturesAnswer = mode === 'live' && this.#progress.capturesAnswer
    const order = { ...this.#choice, order: [arm] }
    const plan = chooseDeployment(this.#gateway, request, this.#resolution, order)
    try {
      const called = await call(this.#gateway, request, plan, progress)
      const answer = mode === 'live' ? called : await hold(request, called, plan, progress)
      const { result } = answer
      const facts = result.kind === 'reply' ? readAnswer(request.protocol.id, result.reply) : null
      const heard = { arm, plan, progress, answer, facts }
      this.#open.add(heard)
      return heard
    } catch (error) {
      plan.abort()
      this.#billBroken(progress)
      this.#progress.deployment ??= progress.deployment
      throw error
    } finally {
      this.#progress.attempts += progress.attempts
      this.#progress.failedAttempts.push(...progress.failedAttempts)
      this.#progress.upstreamStartedAt ??= progress.upstreamStartedAt
      this.#progress.upstreamEndedAt = progress.upstreamEndedAt ?? this.#progress.upstreamEndedAt
      this.#progress.routingMs += progress.routingMs
    }
  }

  /** What came of a stream that broke off was paid for. */
  #billBroken({ usage, costPico, costParts, deployment }: Progress): void {
    if (usage === null || deployment === null) return
    this.#progress.rounds.push({ usage, total: costPico, parts: costParts, deployment })
  }

  #bill(called: Called): void {
    this.#open.delete(called)
    const { result, planned } = called.answer
    const reply = result.kind === 'reply' ? result.reply : null
    const usage = reply?.usage ?? null
    called.plan.succeed(usage)
    this.#progress.rounds.push({
      usage,
      ...priceOf(planned.deployment, usage, reply?.terms),
      deployment: planned.deployment,
    })
  }
}

/** The answer whole, where it is a stream. */
async function hold(
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
): Promise<Answer> {
  if (answer.result.kind === 'reply') return answer
  const reply = await holdStream(request, answer, plan, progress)
  return { ...answer, result: { kind: 'reply', status: 200, reply } }
}
