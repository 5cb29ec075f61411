import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { EvidenceRow } from '../model-routing/choice-store.ts'
import { type ControlRequest, controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'
import { readRows } from './savings-endpoints.ts'

const bins = 10

function evidenceEndpoint(
  deps: RoutingApiDependencies,
  describe: (rows: readonly EvidenceRow[], request: ControlRequest<unknown>) => object,
): Endpoint {
  return controlEndpoint({
    ...{ identity: deps.gateway.identity, body: null },
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async (request) => ({ body: describe(await readRows(deps, request), request) }),
  })
}

interface Candidate {
  readonly model: string
  readonly q: number
  readonly utility: number
}

const candidatesOf = ({ details }: EvidenceRow): readonly Candidate[] =>
  (details['candidates'] ?? []) as readonly Candidate[]

/** `GET /api/v1/evidence/calibration`: what was expected of each model against what it scored, by tenth of the expectation. */
export function calibrationEndpoint(deps: RoutingApiDependencies): Endpoint {
  return evidenceEndpoint(deps, (rows) => {
    const judged = rows.filter(({ score }) => score !== null)
    const models = groupBy(judged, ({ arm }) => arm)
    return {
      judged: judged.length,
      models: [...models].map(([model, members]) => ({ model, ...calibrate(members) })),
    }
  })
}

function calibrate(rows: readonly EvidenceRow[]): object {
  const sums = Array.from({ length: bins }, () => ({ count: 0, expected: 0, score: 0 }))
  for (const row of rows) {
    const expected = candidatesOf(row).find(({ model }) => model === row.arm)?.q ?? row.quality
    const bin = sums[Math.min(bins - 1, Math.floor(expected * bins))]
    if (bin === undefined) continue
    bin.count++
    bin.expected += expected
    bin.score += row.score ?? 0
  }
  return {
    judged: rows.length,
    calibration_error:
      sums.reduce((sum, { expected, score }) => sum + Math.abs(score - expected), 0) / rows.length,
    bins: sums.flatMap(({ count, expected, score }, at) =>
      count === 0
        ? []
        : [
            {
              from: at / bins,
              to: (at + 1) / bins,
              count,
              expected: expected / count,
              scored: score / count,
            },
          ],
    ),
  }
}

/** `GET /api/v1/evidence/regret`: estimated utility given up against the best candidate, and why. */
export function regretEndpoint(deps: RoutingApiDependencies): Endpoint {
  return evidenceEndpoint(deps, (rows) => {
    const regrets = rows.map((row) => {
      const candidates = candidatesOf(row)
      const best = Math.max(...candidates.map(({ utility }) => utility))
      const own = candidates.find(({ model }) => model === row.arm)?.utility
      return { why: reasonOf(row), regret: own === undefined ? 0 : Math.max(0, best - own) }
    })
    const mean = (list: readonly { readonly regret: number }[]): number | null =>
      list.length === 0 ? null : list.reduce((sum, { regret }) => sum + regret, 0) / list.length
    return {
      requests: rows.length,
      mean_regret: mean(regrets),
      by_reason: Object.fromEntries(
        [...groupBy(regrets, ({ why }) => why)].map(([why, members]) => [
          why,
          { requests: members.length, mean_regret: mean(members) },
        ]),
      ),
    }
  })
}

/** Why a request did not get its best candidate. */
function reasonOf({ details }: EvidenceRow): string {
  if (details['fallback'] !== undefined) return 'fallback'
  if (details['explored'] === true) return 'explored'
  const { action } = (details['affinity'] ?? {}) as { readonly action?: unknown }
  return action === 'kept' ? 'conversation_kept' : 'best_or_held_to_a_pool'
}

/** `GET /api/v1/evidence/cost-analysis`: requests, tokens and cost by day and model. */
export function costAnalysisEndpoint(deps: RoutingApiDependencies): Endpoint {
  return evidenceEndpoint(deps, (rows) => {
    const groups = groupBy(
      rows,
      ({ createdAt, arm }) => `${new Date(createdAt).toISOString().slice(0, 10)} ${arm}`,
    )
    return {
      currency: 'USD',
      rows: [...groups]
        .map(([key, members]) => {
          const sum = (read: (row: EvidenceRow) => number | null): number =>
            members.reduce((total, row) => total + (read(row) ?? 0), 0)
          const judged = members.filter(({ score }) => score !== null)
          return {
            day: key.slice(0, 10),
            model: key.slice(11),
            requests: members.length,
            prompt_tokens: sum(({ inputTokens }) => inputTokens),
            completion_tokens: sum(({ outputTokens }) => outputTokens),
            cost_usd: sum(({ costUsd }) => costUsd),
            baseline_usd: sum(({ baselineUsd }) => baselineUsd),
            judged: judged.length,
            quality:
              judged.length === 0
                ? null
                : judged.reduce((total, { score }) => total + (score ?? 0), 0) / judged.length,
          }
        })
        .sort((left, right) =>
          left.day === right.day ? right.cost_usd - left.cost_usd : left.day < right.day ? 1 : -1,
        ),
    }
  })
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const members = groups.get(keyOf(item))
    if (members === undefined) groups.set(keyOf(item), [item])
    else members.push(item)
  }
  return groups
}
