import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { zeroUsage } from '../../conversation/usage.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import { type AdjustedCost, adjustCost } from '../../pricing/adjust-cost.ts'
import { computeCost, selectRates } from '../../pricing/compute-cost.ts'
import { type PicoUsd, picoPerUsd } from '../../pricing/prices.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { findPriced } from './find-priced.ts'
import type { SubjectRoutesDependencies } from './subject-context.ts'

const count = z.int().min(0)
const bodySchema = z
  .looseObject({
    model: z.string().min(1).max(512),
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count.default(0),
    cache_creation_input_tokens: count.default(0),
    reasoning_tokens: count.default(0),
    num_requests_per_day: count.nullish(),
    num_requests_per_month: count.nullish(),
  })
  .refine(
    (body) => body.cache_read_input_tokens + body.cache_creation_input_tokens <= body.input_tokens,
    'cache_read_input_tokens and cache_creation_input_tokens are parts of input_tokens',
  )
  .refine(
    (body) => body.reasoning_tokens <= body.output_tokens,
    'reasoning_tokens is a part of output_tokens',
  )

type EstimateBody = z.infer<typeof bodySchema>

/** `POST /cost/estimate`: what requests of a size would cost at the prices, discounts and margins in force. */
export function costEstimateRoute({
  identity,
  runtime,
}: Pick<SubjectRoutesDependencies, 'identity'> & { readonly runtime: () => Runtime }): Route<Endpoint> {
  return {
    method: 'POST',
    template: '/cost/estimate',
    auth: 'user',
    handler: controlEndpoint({
      ...{ identity, errors: 'openai-chat', body: bodySchema },
      answer: ({ body, caller }) => ({ body: estimate(body, runtime(), caller) }),
    }),
  }
}

function estimate(body: EstimateBody, { routing }: Runtime, caller: Caller | null): object {
  const deployment = findPriced(routing, body.model, caller)
  const usage = {
    ...zeroUsage,
    inputTokens: body.input_tokens,
    outputTokens: body.output_tokens,
    cacheReadTokens: body.cache_read_input_tokens,
    cacheWriteTokens: body.cache_creation_input_tokens,
    reasoningTokens: body.reasoning_tokens,
  }
  const prices = deployment?.prices ?? null
  const gross = prices === null ? null : computeCost(prices, usage)
  if (deployment === undefined || prices === null || gross === null)
    throw new GatewayError('not_found', `No price is known for ${body.model.slice(0, 256)}.`, {
      param: 'model',
    })
  const noAdjustment = { gross, discount: 0n, margin: 0n, total: gross }
  const cost = deployment.adjustment === null ? noAdjustment : adjustCost(gross, deployment.adjustment)
  const rates = selectRates(prices, usage.inputTokens)
  const share = (tokens: number, rate: PicoUsd | null): number => (tokens * Number(rate ?? 0n)) / picoPerUsd
  const output =
    share(usage.outputTokens - usage.reasoningTokens, rates.output) +
    share(usage.reasoningTokens, rates.reasoning)
  const lines = {
    ...costLines(cost, output),
    cache_read_cost: share(usage.cacheReadTokens, rates.cacheRead),
    cache_creation_cost: share(usage.cacheWriteTokens, rates.cacheWrite),
    reasoning_cost: share(usage.reasoningTokens, rates.reasoning),
  }
  return {
    ...body,
    ...nameLines(lines, (name) => `${name}_per_request`, 1),
    ...nameLines(lines, (name) => `daily_${name}`, body.num_requests_per_day ?? null),
    ...nameLines(lines, (name) => `monthly_${name}`, body.num_requests_per_month ?? null),
    input_cost_per_token: rates.input === null ? null : Number(rates.input) / picoPerUsd,
    output_cost_per_token: rates.output === null ? null : Number(rates.output) / picoPerUsd,
    provider: deployment.provider.id,
  }
}

function costLines({ gross, margin, total }: AdjustedCost, output: number) {
  return {
    cost: Number(total) / picoPerUsd,
    input_cost: Number(gross) / picoPerUsd - output,
    output_cost: output,
    margin_cost: Number(margin) / picoPerUsd,
  }
}

function nameLines(
  lines: Readonly<Record<string, number>>,
  nameOf: (line: string) => string,
  times: number | null,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(lines).map(([line, usd]) => [nameOf(line), times === null ? null : usd * times]),
  )
}
