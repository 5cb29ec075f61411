import { createHash, randomUUID } from 'node:crypto'
import { workspaceOf } from '../identity/workspace.ts'
import type { KeptChoice } from '../model-routing/choice-store.ts'
import { decisionEventName, formatDecisionEvent } from '../model-routing/decision-event.ts'
import { type DescribedDecision, describeDecision } from '../model-routing/describe-decision.ts'
import type { AnswerSample } from '../model-routing/judging/answer-samples.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { AnsweredAsk } from '../model-routing/repeated-asks.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import { describeAttempts } from './describe-attempts.ts'
import { findAnswerFault, readAnswerFacts } from './find-answer-fault.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { sampleAnswer } from './sample-answer.ts'

/** A choice whose request is over. */
export interface SettledChoice {
  readonly kept: KeptChoice
  readonly choice: ModelChoice
  /** What can be seen to be wrong with the answer; null for nothing. */
  readonly fault: string | null
  /** What was asked, where asking it again will mean something; null elsewhere. */
  readonly ask: AnsweredAsk | null
  /** The answer, where it will be judged; null for most. */
  readonly sample: AnswerSample | null
  /** For whoever listens to decisions. */
  readonly event: object
}

/** What is kept and told of a choice once its request is over: the arm that really answered, what it cost, and no text. */
export function settleChoice(
  request: ModelRequest,
  choice: ModelChoice,
  progress: Progress,
  record: RequestRecord,
): SettledChoice {
  const answering = progress.deployment === null ? undefined : choice.routed.armOf.get(progress.deployment)
  const arm = answering?.name ?? choice.chosen
  const decision = describeDecision(choice)
  const attempts = describeAttempts(request, choice, progress)
  const routingId = progress.skills?.outcome.routingId ?? request.exchange.header('x-routeiq-routing-id')
  const taskId = request.exchange.header('x-routeiq-task-id')
  const facts = { choice, decision, arm, record, attempts, taskId, routingId }
  const event = formatDecisionEvent({ ...facts, eventId: randomUUID() })
  record.trace?.noteDecision({ name: decisionEventName, payload: event })
  const answered = readAnswerFacts(request, progress)
  const fault = answered === null ? null : findAnswerFault(choice, answered)
  const kept = keepChoice(request, choice, { arm, decision, record, fault, attempts, taskId, routingId })
  return {
    kept,
    choice,
    ask: readAnsweredAsk(request, choice, kept),
    fault,
    sample: answered === null || fault !== null ? null : sampleAnswer(request, choice, arm, answered),
    event,
  }
}

/** In a tool loop the ask stays what it was, and words of a harness are nobody's. */
function readAnsweredAsk(
  { runtime, options }: ModelRequest,
  { ask }: ModelChoice,
  { decisionId, keyHash, userId, router, learns, createdAt }: KeptChoice,
): AnsweredAsk | null {
  if (!runtime.config.modelRouting.implicitFeedback || !learns || keyHash === null) return null
  if (ask.inToolLoop || ask.source !== 'user') return null
  const parts = [keyHash, userId ?? options.endUser ?? '', router, ask.text]
  const key = createHash('sha256').update(parts.join('\u0001')).digest('hex')
  return { key, decisionId, at: createdAt }
}

interface Settled {
  readonly attempts: readonly object[]
  readonly taskId: string | null
  readonly routingId: string | null
  readonly arm: string
  readonly decision: DescribedDecision
  readonly record: RequestRecord
  readonly fault: string | null
}

function keepChoice(
  request: ModelRequest,
  choice: ModelChoice,
  { arm, decision: described, record, fault, attempts, taskId, routingId }: Settled,
): KeptChoice {
  const { exchange, caller } = request
  const { decision } = choice
  const at = decision.models.findIndex(({ name }) => name === arm)
  const usage = record.usage
  const baseline = baselineOf(choice, request.runtime.config.modelRouting.baselineModel)
  const part = (name: string): number => decision.scores.components.get(name)?.[at] ?? 0
  return {
    decisionId: choice.decisionId,
    requestId: record.requestId,
    workspaceId: workspaceOf(caller, null),
    keyHash: caller.keyHash,
    userId: caller.userId,
    teamId: caller.teamId,
    router: choice.routed.name,
    arm,
    domain: decision.domain?.label ?? 'other',
    tier: decision.tier,
    strategy: decision.strategy,
    profile: choice.profile,
    bundleId: choice.bundleId ?? '',
    quality: (decision.scores.q[at] ?? 0) - (part('online') + part('user')),
    propensity: arm === choice.chosen ? readPropensity(choice, at) : 0,
    learns: exchange.header('x-routeiq-learn') !== 'off' && record.status < 400,
    status: record.status,
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    costUsd: record.costPico === null ? null : Number(record.costPico) / picoPerUsd,
    baselineUsd: baselineCost(choice, baseline, usage),
    taskId,
    routingId,
    experiment: assignmentOf(choice),
    latencyMs: record.endedAt - record.startedAt,
    details: {
      ...describe(choice, { arm, baseline }, described),
      attempts,
      cached_tokens: usage?.cacheReadTokens ?? null,
      ...(fault === null ? {} : { fault }),
    },
    createdAt: record.startedAt,
  }
}

/** Where only one model was left, or the conversation had one, no variant could make a difference. */
function assignmentOf({ experiment, decision, affinity, reasons }: ModelChoice): KeptChoice['experiment'] {
  if (experiment === null) return null
  return {
    ...{ id: experiment.experimentId, variant: experiment.variant.name, unit: experiment.unit },
    exposes: decision.models.length > 1 && affinity.action !== 'kept' && !reasons.includes('kill_switch'),
  }
}

/** Drawn choices are drawn again to see how likely they were, now that nobody waits. A kept pin was no chance. */
function readPropensity({ decision, affinity, propensity }: ModelChoice, at: number): number {
  if (decision.estimatePropensity === null || affinity.action === 'kept') return propensity
  return decision.estimatePropensity(at)
}

/**
 * What the baseline would have cost for the same tokens, as much of the prompt read from its cache; null when its price or the tokens
 * are unknown.
 */
function baselineCost(
  { decision }: ModelChoice,
  baseline: number,
  usage: RequestRecord['usage'],
): number | null {
  const model = decision.models[baseline]
  if (usage === null || model === undefined || model.inputPrice === null || model.outputPrice === null)
    return null
  const { inputTokens, outputTokens, cacheReadTokens: cached } = usage
  const readPrice = model.cacheReadPrice ?? model.inputPrice
  return (inputTokens - cached) * model.inputPrice + cached * readPrice + outputTokens * model.outputPrice
}

/** The decision as described, with what replaying needs beside it. */
function describe(
  choice: ModelChoice,
  { arm, baseline }: { readonly arm: string; readonly baseline: number },
  { decision_id: _id, propensity: _propensity, ...decision }: DescribedDecision,
): KeptChoice['details'] {
  return {
    ...decision,
    features: choice.features,
    baseline: choice.decision.models[baseline]?.name ?? null,
    ...(arm === choice.chosen ? {} : { fallback: { chosen: choice.chosen, answered: arm } }),
  }
}

/** The position of the configured baseline, else of the model with the highest mean quality. */
function baselineOf({ decision }: ModelChoice, configured: string | null): number {
  const named = decision.models.findIndex(({ name }) => name === configured)
  if (named >= 0) return named
  const { mean } = decision.scores
  return decision.models.reduce((found, _, at) => ((mean[at] ?? 0) > (mean[found] ?? 0) ? at : found), 0)
}
