import { judgeTrend, trendOf } from '@routeiq/router'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { formatComparison, resolveHash } from '../analytics/compare-hashes.ts'
import { formatJudged, formatModels, formatTrend, priorOf } from '../analytics/format-effectiveness.ts'
import { findGaps, formatGap } from '../analytics/gaps.ts'
import { formatLeaderboard } from '../analytics/leaderboard.ts'
import { formatMetricRows } from '../analytics/metric-rows.ts'
import { formatRouterStats } from '../analytics/router-stats.ts'
import { judgedOf, tallyOf } from '../analytics/tally.ts'
import { AnalyticsReader } from './analytics-reader.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { invalidQuery, readNumber, readText, readWindow, requireText } from './read-query.ts'
import { type FoundSkill, requireSkill } from './require-skill.ts'

const samplesPerGap = 5

/** How skills do: numbers of the days' counts, which outlive the traces they come from. */
export function analyticsRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  const reader = new AnalyticsReader(deps)
  return [
    restRoute('GET', '/skills/analytics/metrics', metrics(deps, reader)),
    restRoute('GET', '/skills/analytics/compare', compare(deps, reader)),
    restRoute('GET', '/skills/analytics/leaderboard', leaderboard(deps, reader)),
    restRoute('GET', '/skills/analytics/gaps', gaps(deps, reader)),
    restRoute('GET', '/skills/{skill+}/effectiveness', effectiveness(deps, reader)),
    restRoute('GET', '/skills/{skill+}/router-stats', routerStats(deps, reader)),
  ]
}

function metrics(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const windowDays = readWindow(query)
      const agentName = readText(query, 'agent_name')
      const named = readText(query, 'skill_name')
      const skill = named === null ? null : await requireSkill(deps, workspaceId, named)
      const filter = { agentName, skillName: skill?.name ?? null }
      const by = ['skill_name', 'skill_id', 'content_hash', 'model_name', 'model_family'] as const
      const [rows, before, all] = await reader.read(workspaceId, windowDays, filter, by)
      const skillIds = new Set(rows.map(({ skillId }) => skillId).filter((id) => id !== ''))
      const versionNumbers = await reader.versionNumbers(workspaceId, [...skillIds])
      const skills = formatMetricRows({ rows, before, prior: priorOf(all), versionNumbers })
      return { body: { agent_name: agentName, window_days: windowDays, skills } }
    },
  })
}

function compare(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId, caller }) => {
      deps.quotas.requireFeature({ workspaceId, keyHash: caller.keyHash }, 'compare')
      const skill = await requireSkill(deps, workspaceId, requireText(query, 'skill_name'))
      const [baseline, candidate] = [
        requireText(query, 'baseline_hash'),
        requireText(query, 'candidate_hash'),
      ]
      const alpha = readAlpha(query)
      const [numbers, rows] = await Promise.all([
        readVersionNumbers(reader, workspaceId, skill),
        reader.readAllTime(workspaceId, {
          skillName: skill.name,
          agentName: readText(query, 'agent_name'),
          model: readText(query, 'model'),
        }),
      ])
      const known = [...numbers.keys(), ...rows.map(({ contentHash }) => contentHash)].filter(
        (hash) => hash !== '',
      )
      const hashes = { baseline: resolveHash(baseline, known), candidate: resolveHash(candidate, known) }
      return { body: { skill_name: skill.name, ...formatComparison(rows, hashes, numbers, alpha) } }
    },
  })
}

async function readVersionNumbers(
  reader: AnalyticsReader,
  workspaceId: string,
  { skillId }: FoundSkill,
): Promise<ReadonlyMap<string, number>> {
  if (skillId === null) return new Map()
  return (await reader.versionNumbers(workspaceId, [skillId])).get(skillId) ?? new Map()
}

function readAlpha(query: URLSearchParams): number {
  const text = readText(query, 'alpha')
  if (text === null) return 0.05
  const alpha = Number(text)
  if (alpha > 0 && alpha < 0.5) return alpha
  throw invalidQuery('alpha', 'must be a number between 0 and 0.5')
}

function leaderboard(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId, caller }) => {
      deps.quotas.requireFeature({ workspaceId, keyHash: caller.keyHash }, 'leaderboard')
      const limit = readNumber(query, 'limit', { fallback: 50, most: 500 })
      const filter = { agentName: readText(query, 'agent_name'), skillName: null }
      const by = ['skill_name', 'skill_id'] as const
      const [rows, before, all] = await reader.read(workspaceId, readWindow(query), filter, by)
      return { body: { leaderboard: formatLeaderboard(rows, before, priorOf(all), limit) } }
    },
  })
}

function gaps(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const windowDays = readWindow(query)
      const filter = { agentName: null, skillName: null }
      const [rows] = await reader.read(workspaceId, windowDays, filter, ['skill_name', 'skill_id'])
      const found = findGaps(rows)
      const samples = await Promise.all(
        found.map(({ name }) => deps.store.listMissed(workspaceId, name, samplesPerGap)),
      )
      return {
        body: {
          window_days: windowDays,
          gaps: found.map((gap, index) => formatGap(gap, samples[index] ?? [])),
        },
      }
    },
  })
}

function effectiveness(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, query, workspaceId }) => {
      const skill = await requireSkill(deps, workspaceId, params['skill'] ?? '')
      const windowDays = readWindow(query, 90)
      const filter = { agentName: null, skillName: skill.name }
      const by = ['skill_name', 'model_name', 'model_family'] as const
      const [rows, before, all] = await reader.read(workspaceId, windowDays, filter, by)
      const prior = priorOf(all)
      const trend = judgeTrend(judgedOf(tallyOf(before)), judgedOf(tallyOf(rows)))
      const overall = {
        ...formatJudged(prior, rows),
        trend: trendOf(trend),
        trend_detail: formatTrend(trend),
      }
      return {
        body: { skill: skill.name, window_days: windowDays, overall, by_model: formatModels(prior, rows) },
      }
    },
  })
}

function routerStats(deps: EvidenceDependencies, reader: AnalyticsReader): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, query, workspaceId }) => {
      const skill = await requireSkill(deps, workspaceId, params['skill'] ?? '')
      const windowDays = readWindow(query)
      const filter = { agentName: readText(query, 'agent_name'), skillName: skill.name }
      const by = ['agent_name', 'model_name', 'model_family'] as const
      const [rows] = await reader.read(workspaceId, windowDays, filter, by)
      return { body: { skill_name: skill.name, window_days: windowDays, ...formatRouterStats(rows) } }
    },
  })
}
