import { GatewayError } from '@routeiq/contract'

/** Things of which a workspace may have so many; counted when one more is made. */
export const countedDimensions = ['skills', 'agents', 'keys'] as const
/** What may be used up in a calendar month, UTC. */
export const monthlyDimensions = ['traces_month', 'judge_calls_month', 'benchmark_cases_month'] as const
/** What an admin may switch off. */
export const features = ['publish', 'compare', 'leaderboard', 'bundles', 'byo_embedder'] as const

export type CountedDimension = (typeof countedDimensions)[number]
export type MonthlyDimension = (typeof monthlyDimensions)[number]
export type Feature = (typeof features)[number]

type NumericLimit = CountedDimension | MonthlyDimension | 'route_calls_minute' | 'retention_days'

/** What is left out is unlimited, and every feature is on. */
export type QuotaLimits = { readonly [Dimension in NumericLimit]?: number } & {
  readonly [Name in Feature]?: boolean
}

/** What an admin has set for a workspace, or for one key in it. */
export interface Quota {
  readonly workspaceId: string
  /** Null for the workspace as a whole. */
  readonly keyHash: string | null
  /** The name callers are told. */
  readonly plan: string
  readonly limits: QuotaLimits
}

/** Whose quotas apply to a request: those of its workspace and those of its key. */
export interface QuotaPrincipal {
  readonly workspaceId: string
  readonly keyHash: string | null
}

/** One limit somebody may run into. */
export interface QuotaLimit {
  readonly plan: string
  readonly dimension: NumericLimit
  readonly limit: number
}

/** The refusal of a used-up quota: no `Retry-After`, so that clients stop. */
export function quotaExceeded(
  { plan, dimension, limit }: QuotaLimit,
  used: number,
  resetsInSeconds: number | null = null,
): GatewayError {
  const message = `The quota ${dimension} of the plan ${plan} is used up: ${used} of ${limit}.`
  return new GatewayError('quota_exceeded', message, {
    headers: { 'x-quota-exceeded': dimension, 'x-ratelimit-plan': plan },
    extras: { plan, dimension, used, limit, resets_in_seconds: resetsInSeconds },
  })
}
