import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { EvidenceRow } from '../model-routing/choice-store.ts'
import { type ChoiceSummary, summariseChoices } from '../model-routing/summarise-choices.ts'
import { type ControlRequest, controlEndpoint } from '../rest/control-endpoint.ts'
import { readWindow } from './read-window.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** The newest so many choices of a window are summed up. */
const mostRows = 50_000

/** `GET /api/v1/evidence/overview`: what choosing models saved, and what it kept of quality. */
export function overviewEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async (request) => {
      const rows = await readRows(deps, request)
      const summary = summariseChoices(rows)
      return {
        body: {
          requests: summary.requests,
          judged: summary.judged,
          quality: summary.quality,
          quality_ratio: summary.qualityRatio,
          quality_ratio_ci: summary.qualityRatioInterval,
          cost: {
            actual_usd: summary.actualUsd,
            baseline_usd: summary.baselineUsd,
            savings_usd: summary.savingsUsd,
            savings_usd_ci: summary.savingsInterval,
            savings_pct: summary.savingsShare === null ? null : 100 * summary.savingsShare,
            savings_pct_ci: summary.savingsShareInterval?.map((share) => 100 * share) ?? null,
          },
          cptc: {
            actual: summary.costPerSuccess,
            baseline: summary.baselineCostPerSuccess,
            ci: summary.costPerSuccessInterval,
          },
          baseline_model: summary.baseline,
          switch_rate: summary.switchRate,
          ...describeSessions(summary),
          explored_share: summary.exploredShare,
          novel_share: summary.novelShare,
          calibration_error: summary.calibrationError,
          warnings: warningsOf(summary, rows.length),
        },
      }
    },
  })
}

const groupings: Readonly<Record<string, (row: EvidenceRow) => string>> = {
  team: ({ teamId }) => teamId ?? '',
  key: ({ keyHash }) => keyHash ?? '',
  model: ({ arm }) => arm,
  domain: ({ domain }) => domain,
}

/** `GET /api/v1/evidence/savings?group_by=`: the same by team, key, model or domain. */
export function savingsEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async (request) => {
      const name = request.query.get('group_by') ?? 'model'
      const groupOf = groupings[name]
      if (groupOf === undefined)
        throw new GatewayError(
          'invalid_request',
          `\`group_by\` must be one of ${Object.keys(groupings).join(', ')}.`,
          { param: 'group_by' },
        )
      const groups = new Map<string, EvidenceRow[]>()
      for (const row of await readRows(deps, request)) {
        const members = groups.get(groupOf(row))
        if (members === undefined) groups.set(groupOf(row), [row])
        else members.push(row)
      }
      const rows = [...groups].map(([group, members]) => describeGroup(group, summariseChoices(members)))
      return { body: { group_by: name, rows } }
    },
  })
}

/** The choices of the window that a request names, newest first. */
export async function readRows(
  { gateway, choices, choiceLog }: RoutingApiDependencies,
  { query }: Pick<ControlRequest<unknown>, 'query'>,
): Promise<readonly EvidenceRow[]> {
  await choiceLog.flush()
  return choices.listChoices(query.get('workspace'), readWindow(query.get('window'), gateway.now()), mostRows)
}

function describeSessions(summary: ChoiceSummary): object {
  return {
    cache_hit_share: summary.cacheHitShare,
    sessions: summary.sessions,
    cost_per_session: {
      actual_usd: summary.costPerSession,
      baseline_usd: summary.baselineCostPerSession,
      ci: summary.costPerSessionInterval,
    },
  }
}

function describeGroup(group: string, summary: ChoiceSummary): object {
  return {
    group,
    requests: summary.requests,
    PromptTokens: summary.promptTokens,
    CompletionTokens: summary.completionTokens,
    TotalTokens: summary.promptTokens + summary.completionTokens,
    ActualCost: summary.actualUsd,
    BaselineCost: summary.baselineUsd,
    CostSavings: summary.savingsUsd,
    cost_savings_ci: summary.savingsInterval,
    Currency: 'USD',
    BaselineModel: summary.baseline,
    quality_ratio: summary.qualityRatio,
    quality_ratio_ci: summary.qualityRatioInterval,
    judged: summary.judged,
    ...describeSessions(summary),
  }
}

function warningsOf({ qualityRatio }: ChoiceSummary, rows: number): readonly string[] {
  return [
    ...(qualityRatio === null
      ? ['quality unverified: fewer than 100 requests of the window were judged']
      : []),
    ...(rows === mostRows ? [`only the newest ${mostRows} requests of the window are counted`] : []),
  ]
}
