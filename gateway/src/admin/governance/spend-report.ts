import type { RoutingSnapshot } from '../../deployments/routing-snapshot.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { estimateCost } from '../../pricing/estimate-cost.ts'
import { type ModelPrices, picoPerUsd } from '../../pricing/prices.ts'
import type { DailySum, SpenderKind, SpenderSum } from '../../storage/spend-totals.ts'
import type { SpendRoutesDependencies } from './spend-routes.ts'
import { toUsd } from './spend-row.ts'
import { SubjectContext } from './subject-context.ts'

const ofAll = { since: null, until: null } as const

/** `GET /llmrouter/spend/report`: what was spent in all, by whom, and what the dearest model would have cost instead. */
export function spendReportRoute(deps: SpendRoutesDependencies): Route<Endpoint> {
  const { totals, runtime } = deps
  const context = new SubjectContext(deps)
  return {
    ...context.route('GET', '/llmrouter/spend/report', {
      permission: 'spend.read',
      body: null,
      answer: async () => {
        const scopes: readonly SpenderKind[] = ['key', 'user', 'team', 'organization', 'customer', 'tag']
        const [models, spenders, days] = await Promise.all([
          totals.sums({ kinds: ['model'], ...ofAll }),
          totals.sums({ kinds: scopes, ...ofAll }),
          totals.daily({ kinds: ['proxy'], ...ofAll }),
        ])
        return { body: describe(models, spenders, days, findBaseline(runtime().routing)) }
      },
    }),
    aliased: false,
  }
}

interface Baseline {
  readonly model: string
  readonly prices: ModelPrices
}

function describe(
  models: readonly SpenderSum[],
  spenders: readonly SpenderSum[],
  days: readonly DailySum[],
  baseline: Baseline | null,
) {
  const total = (read: (sum: DailySum) => number): number => days.reduce((sum, day) => sum + read(day), 0)
  return {
    status: 'success',
    spend_tracking_enabled: true,
    persisted: true,
    models: models.map((sum) => ({ model: sum.id, ...describeSum(sum), ...describeSavings(sum, baseline) })),
    model_count: models.length,
    total_cost_usd: toUsd(total(({ spendNanoUsd }) => spendNanoUsd)),
    total_input_tokens: total(({ inputTokens }) => inputTokens),
    total_output_tokens: total(({ outputTokens }) => outputTokens),
    total_requests: total(({ requests }) => requests),
    by_scope: byScope(spenders),
    by_model: Object.fromEntries(models.map((sum) => [sum.id, describeSum(sum)])),
    daily: days.map((day) => ({ date: day.day, ...describeSum(day) })),
  }
}

function describeSum({ spendNanoUsd, inputTokens, outputTokens, requests }: SpenderSum) {
  return {
    cost_usd: toUsd(spendNanoUsd),
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    requests,
  }
}

function byScope(spenders: readonly SpenderSum[]): Record<string, Record<string, object>> {
  const scopes: Record<string, Record<string, object>> = {}
  for (const sum of spenders) {
    const scope = scopes[sum.kind] ?? {}
    scopes[sum.kind] = scope
    scope[sum.id] = describeSum(sum)
  }
  return scopes
}

/** The model of which a thousand tokens in and a thousand out cost most. */
function findBaseline({ groups }: RoutingSnapshot): Baseline | null {
  let found: Baseline | null = null
  let most = 0
  for (const [model, { deployments }] of groups) {
    for (const { prices } of deployments) {
      const cost = prices === null ? null : estimateCost(prices, 1_000, 1_000)
      if (prices === null || cost === null || cost <= most) continue
      most = cost
      found = { model, prices }
    }
  }
  return found
}

function describeSavings(sum: SpenderSum, baseline: Baseline | null): object {
  if (baseline === null) return {}
  const { inputTokens, outputTokens, spendNanoUsd } = sum
  const pico = estimateCost(baseline.prices, inputTokens, outputTokens) ?? 0
  const actual = toUsd(spendNanoUsd)
  const BaselineCost = pico / picoPerUsd
  return {
    PromptTokens: inputTokens,
    CompletionTokens: outputTokens,
    TotalTokens: inputTokens + outputTokens,
    ActualCost: actual,
    BaselineCost,
    CostSavings: BaselineCost - actual,
    Currency: 'USD',
    BaselineModel: baseline.model,
  }
}
