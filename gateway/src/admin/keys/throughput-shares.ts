import type { Deployment } from '../../deployments/deployment.ts'
import type { ThroughputShare } from '../../storage/key-store.ts'

const metrics = ['rpm', 'tpm'] as const
const allModels = ['*', 'all-team-models', 'all-proxy-models']

type Settings = Readonly<Record<string, unknown>>

export interface PromisedKey {
  readonly models: readonly string[]
  readonly settings: Settings
  /** The team of the key; null for none. */
  readonly team: { readonly id: string; readonly settings: Settings } | null
}

export type ModelGroups = ReadonlyMap<string, { readonly deployments: readonly Deployment[] }>

/** Whether a change of a key may promise it more than before; others pass even where too much is promised already. */
export const concernsThroughput = (changes: Settings): boolean =>
  [
    'team_id',
    'models',
    ...metrics.flatMap((name) => [`${name}_limit`, `${name}_limit_type`, `model_${name}_limit`]),
  ].some((name) => changes[name] !== undefined)

/**
 * What a key with `guaranteed_throughput` takes of its team and of its models, as far as these say how much they have: a team
 * by its limit, a model by `rpm` and `tpm` of all its deployments.
 */
export function listThroughputShares(
  { models, settings, team }: PromisedKey,
  groups: ModelGroups,
): readonly ThroughputShare[] {
  return metrics
    .filter((metric) => settings[`${metric}_limit_type`] === 'guaranteed_throughput')
    .flatMap((metric) => {
      const own = readNumber(settings[`${metric}_limit`])
      const capacity = readNumber(team?.settings[`${metric}_limit`])
      const ofTeam =
        team === null || own === null || capacity === null
          ? []
          : [{ metric, of: 'team', id: team.id, amount: own, capacity } as const]
      const byModel = asSettings(settings[`model_${metric}_limit`])
      const isForAll = models.length === 0 || models.some((name) => allModels.includes(name))
      const named = new Set([...Object.keys(byModel), ...(isForAll ? groups.keys() : models)])
      const ofModels = [...named].flatMap((id) => {
        const amount = readNumber(byModel[id]) ?? own
        const has = capacityOf(groups.get(id)?.deployments ?? [], metric)
        return amount === null || has === null
          ? []
          : [{ metric, of: 'model', id, amount, capacity: has } as const]
      })
      return [...ofTeam, ...ofModels]
    })
}

/** Null where one of them does not say. */
function capacityOf(deployments: readonly Deployment[], metric: 'rpm' | 'tpm'): number | null {
  if (deployments.length === 0) return null
  let sum = 0
  for (const { requestsPerMinute, tokensPerMinute } of deployments) {
    const own = metric === 'rpm' ? requestsPerMinute : tokensPerMinute
    if (own === null) return null
    sum += own
  }
  return sum
}

const readNumber = (value: unknown): number | null => (typeof value === 'number' ? value : null)

const asSettings = (value: unknown): Settings =>
  typeof value === 'object' && value !== null ? (value as Settings) : {}
