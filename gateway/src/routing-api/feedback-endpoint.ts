import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Caller } from '../identity/caller.ts'
import {
  type ChoiceHandle,
  type ChoiceStore,
  givenSources,
  type KeptChoice,
  sourceWeights,
} from '../model-routing/choice-store.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const feedbackSchema = z
  .object({
    decision_id: z.string().min(1).max(64).nullish(),
    request_id: z.string().min(1).max(256).nullish(),
    routing_id: z.string().min(1).max(64).nullish(),
    selected_arm: z.string().min(1).max(256).nullish(),
    score: z.number().min(0).max(1).nullish(),
    verdict: z.enum(['pass', 'fail', 'review']).nullish(),
    source: z.enum(givenSources).default('user'),
    task_id: z.string().max(256).nullish(),
    reason: z.string().max(2_000).nullish(),
    weight: z.number().min(0).max(1).nullish(),
  })
  .refine(
    ({ decision_id, request_id, routing_id, selected_arm }) =>
      (decision_id ?? request_id ?? routing_id ?? selected_arm ?? null) !== null,
    {
      message:
        'give `decision_id` (the header x-routeiq-decision-id), `request_id`, `routing_id` or `selected_arm`',
      path: ['decision_id'],
    },
  )
  .refine(({ score, verdict }) => (score ?? verdict ?? null) !== null, {
    message: 'give `score` (0 to 1) or `verdict` (pass, fail or review)',
    path: ['score'],
  })

type FeedbackBody = z.output<typeof feedbackSchema>

const mostPerMinute = 60
const attempts = 3
const pauseMs = 150
/** What a verdict is worth; a review is kept and teaches nothing. */
const scores = { pass: 1, fail: 0, review: null } as const

/** `POST /router/feedback`: how an answer turned out, credited to the model that gave it. Saying it twice counts once. */
export function feedbackEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: feedbackSchema,
    answer: async ({ caller, body }) => {
      if (caller === null) throw new Error('the route asks for a key')
      await admitFeedback(deps, caller)
      const choice = await requireChoice(deps, caller, {
        decisionId: body.decision_id ?? null,
        requestId: body.request_id ?? null,
        routingId: body.routing_id ?? null,
        arm: body.selected_arm ?? null,
        keyHash: caller.keyHash,
      })
      const verdict = await credit(deps, caller, choice, {
        source: body.source,
        score: readScore(body),
        weight: caller.isAdmin ? (body.weight ?? null) : null,
        reason: body.reason ?? null,
        taskId: body.task_id ?? null,
      })
      return { body: { status: 'ok', decision_id: choice.decisionId, arm: choice.arm, ...verdict } }
    },
  })
}

/** A judgement of one choice, from whoever may judge it. */
interface Judgement {
  readonly source: (typeof givenSources)[number]
  readonly score: number | null
  /** Null takes that of the source. */
  readonly weight: number | null
  readonly reason: string | null
  readonly taskId: string | null
}

/** Keeps the judgement and lets it teach; what was learned of is read again at once. */
export async function credit(
  { gateway, choices, outcomes, metrics }: RoutingApiDependencies,
  caller: Caller,
  choice: KeptChoice,
  { weight, ...judgement }: Judgement,
): Promise<{ readonly applied: boolean; readonly duplicate: boolean; readonly superseded: boolean }> {
  const { source } = judgement
  const { isDrift, ...verdict } = await choices.giveFeedback(
    {
      ...judgement,
      decisionId: choice.decisionId,
      isAutomatic: false,
      weight: weight ?? sourceWeights[source],
      // What admins say is nobody's influence: it may come in bulk from whoever knows.
      keyHash: caller.isAdmin ? null : caller.keyHash,
    },
    gateway.now(),
  )
  if (!verdict.duplicate) metrics.countFeedback(source)
  if (isDrift) metrics.countDrift(choice.arm)
  if (verdict.applied) await outcomes.refresh()
  return verdict
}

/** Nobody but admins may judge more than so often. Errors: 429 `rate_limit_exceeded`. */
export async function admitFeedback(
  { gateway, limits }: RoutingApiDependencies,
  { isAdmin, keyHash }: Caller,
): Promise<void> {
  if (isAdmin) return
  const minute = Math.floor(gateway.now() / 60_000)
  const key = `routeiq:routing-feedback:${keyHash}:${minute}`
  const { refusedBy } = await limits.increment([{ key, by: 1, ttlMs: 60_000, limit: mostPerMinute }])
  if (refusedBy === null) return
  throw new GatewayError(
    'rate_limit_exceeded',
    `A key may give feedback ${mostPerMinute} times a minute; an admin key as often as it likes.`,
    { retryAfterSeconds: Math.ceil(60 - (gateway.now() % 60_000) / 1_000) },
  )
}

function readScore({ score, verdict }: FeedbackBody): number | null {
  if (verdict === 'review') return null
  return score ?? (verdict === null || verdict === undefined ? null : scores[verdict])
}

/** Errors: 404, 403 for anybody but the caller of then and admins, 410 when it is too late. */
export async function requireChoice(
  { gateway, choices, choiceLog }: RoutingApiDependencies,
  caller: Caller,
  handle: ChoiceHandle,
): Promise<KeptChoice> {
  await choiceLog.flush()
  const choice = await findChoice(choices, handle)
  if (choice === null)
    throw new GatewayError('decision_not_found', 'There is no such decision; only routed requests make one.')
  if (!owns(caller, choice))
    throw new GatewayError(
      'not_your_decision',
      'This decision belongs to the key, user or team that made the call.',
    )
  const { feedbackWindowMs } = gateway.runtime().config.modelRouting
  if (gateway.now() - choice.createdAt > feedbackWindowMs)
    throw new GatewayError(
      'feedback_window_closed',
      `Outcomes are taken for ${feedbackWindowMs / 86_400_000} days after the request.`,
    )
  return choice
}

/** Another process writes its decisions a moment after the answer, so one that is missing is looked for again. */
async function findChoice(choices: ChoiceStore, handle: ChoiceHandle): Promise<KeptChoice | null> {
  for (let attempt = 1; ; attempt++) {
    const choice = await choices.findChoice(handle)
    if (choice !== null || attempt === attempts) return choice
    await sleep(pauseMs)
  }
}

function owns(caller: Caller, { keyHash, userId, teamId }: KeptChoice): boolean {
  if (caller.isAdmin || caller.keyHash === keyHash) return true
  return (userId !== null && caller.userId === userId) || (teamId !== null && caller.teamId === teamId)
}
