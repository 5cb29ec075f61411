import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { JudgedQuality } from '../model-routing/choice-store.ts'
import type { JudgedSample } from '../model-routing/judging/answer-samples.ts'
import { type ControlRequest, controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const windowMs = 30 * 86_400_000
const mostRanked = 10
const mostSamples = 500
/** With fewer judged answers a mean says too little to rank by. */
const fewestRanked = 20

const isOff = 'No answer is judged: `routeiq.eval_pipeline.enabled` (`ROUTEIQ_EVAL_PIPELINE`) is off.'

/** `GET /api/v1/routeiq/eval/stats`: waiting and judged answers of this process, and what judges said in the last thirty days. */
export function judgingStatsEndpoint(deps: RoutingApiDependencies): Endpoint {
  return judgingEndpoint(deps, async () => {
    const { judging } = deps.gateway.runtime().config.modelRouting
    if (judging === null) return { enabled: false, message: isOff }
    const { samples, judge } = deps
    const { models, ranking, sample_counts } = await describeQualities(deps)
    return {
      enabled: true,
      pending_samples: samples.pending.length,
      evaluated_samples: samples.judged.filter(({ score }) => score !== null).length,
      total_collected: samples.totals.collected,
      total_evaluated: samples.totals.evaluated,
      model_qualities: models,
      model_ranking: ranking.slice(0, mostRanked),
      model_sample_counts: sample_counts,
      running: judge.isRunning,
      sample_rate: judging.sampleRate,
      batch_size: judging.batchSize,
      feedback_interval: judging.feedbackIntervalMs / 1_000,
      last_feedback_time: judge.lastFeedback === null ? null : new Date(judge.lastFeedback).toISOString(),
    }
  })
}

/** `GET /api/v1/routeiq/eval/samples`: the answers of this process, newest first; never their text. */
export function judgedSamplesEndpoint(deps: RoutingApiDependencies): Endpoint {
  return judgingEndpoint(deps, async ({ query }) => {
    requireOn(deps)
    const model = query.get('model')
    const evaluatedOnly = query.get('evaluated_only') === 'true'
    const limit = readLimit(query.get('limit'))
    const { pending, judged } = deps.samples
    const all: readonly DescribedSample[] = [
      ...judged.map((sample) => ({ ...sample, state: sample.score === null ? 'dropped' : 'evaluated' })),
      ...pending.map((sample) => ({ ...sample, score: null, state: 'pending' })),
    ]
    const found = all
      .filter((sample) => (model ?? sample.model) === sample.model)
      .filter(({ state }) => !evaluatedOnly || state === 'evaluated')
      .reverse()
      .slice(0, limit)
    return {
      samples: found.map(describeSample),
      ...{ count: found.length, limit, filter_model: model, evaluated_only: evaluatedOnly },
    }
  })
}

/** `POST /api/v1/routeiq/eval/run-batch`: judges the next answers of this process now. */
export function judgeBatchEndpoint(deps: RoutingApiDependencies): Endpoint {
  return judgingEndpoint(deps, async () => {
    requireOn(deps)
    return { evaluated: await deps.judge.runBatch(), pending_remaining: deps.samples.pending.length }
  })
}

/** `GET /api/v1/routeiq/eval/model-quality`. */
export function judgedQualityEndpoint(deps: RoutingApiDependencies): Endpoint {
  return judgingEndpoint(deps, () => {
    requireOn(deps)
    return describeQualities(deps)
  })
}

/** `POST /api/v1/routeiq/eval/push-feedback`: gives the scores that wait to what is learned. */
export function pushJudgementsEndpoint(deps: RoutingApiDependencies): Endpoint {
  return judgingEndpoint(deps, async () => {
    requireOn(deps)
    const updated = await deps.judge.pushFeedback()
    await deps.outcomes.refresh()
    return { status: 'ok', updated }
  })
}

/** Routes without a body; one that comes with a request is not read. */
function judgingEndpoint(
  { gateway }: RoutingApiDependencies,
  answer: (request: ControlRequest<unknown>) => Promise<object>,
): Endpoint {
  return controlEndpoint<unknown>({
    identity: gateway.identity,
    body: null,
    answer: async (request) => ({ body: await answer(request) }),
  })
}

/** Errors: 503 `eval_pipeline_disabled`. */
function requireOn({ gateway }: RoutingApiDependencies): void {
  if (gateway.runtime().config.modelRouting.judging === null)
    throw new GatewayError('eval_pipeline_disabled', isOff)
}

/** Errors: 400 for what is no number of samples. */
function readLimit(text: string | null): number {
  const limit = z.coerce
    .number()
    .int()
    .min(1)
    .max(mostSamples)
    .safeParse(text ?? 100)
  if (limit.success) return limit.data
  throw new GatewayError('invalid_request', `\`limit\` must be 1 to ${mostSamples}.`, { param: 'limit' })
}

interface DescribedSample extends JudgedSample {
  readonly state: string
}

function describeSample(sample: DescribedSample): object {
  const { decisionId, requestId, model, judge, sampledAt, score, state } = sample
  const sampled_at = new Date(sampledAt).toISOString()
  return {
    decision_id: decisionId,
    request_id: requestId,
    ...{ model, judge },
    sampled_at,
    evaluated: score !== null,
    state,
    score,
  }
}

async function describeQualities({ choices, gateway }: RoutingApiDependencies): Promise<{
  readonly models: Readonly<Record<string, object>>
  readonly ranking: readonly object[]
  readonly sample_counts: Readonly<Record<string, number>>
}> {
  const qualities = await choices.listJudgedQualities(gateway.now() - windowMs)
  return {
    models: Object.fromEntries(qualities.map((quality) => [quality.model, describeQuality(quality)])),
    ranking: qualities
      .filter(({ count }) => count >= fewestRanked)
      .map((quality) => ({ model: quality.model, ...describeQuality(quality) })),
    sample_counts: Object.fromEntries(qualities.map(({ model, count }) => [model, count])),
  }
}

function describeQuality({ mean, margin, count }: JudgedQuality): object {
  return { quality: mean, ci: [Math.max(0, mean - margin), Math.min(1, mean + margin)], count }
}
