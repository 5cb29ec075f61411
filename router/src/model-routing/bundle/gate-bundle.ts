import type { BundleMetrics } from './trained-bundle.ts'

/** One condition a bundle must meet. */
interface GateCheck {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly passed: boolean
}

export interface GateReport {
  readonly passed: boolean
  readonly checks: readonly GateCheck[]
}

const leastRatio = 0.985
const mostError = 0.08
const aiqSlack = 0.002
const ratioSlack = 0.005

/**
 * Whether a bundle may take the place of the active one: good enough by itself, and not worse than that one. Both were measured
 * on rows they had not seen; `active` is null when there is none, or when it was measured on other data.
 */
export function gateBundle(next: BundleMetrics, active: BundleMetrics | null): GateReport {
  const atLeast = (name: string, value: number, limit: number): GateCheck => ({
    ...{ name, value, limit },
    passed: value >= limit,
  })
  const checks = [
    atLeast('quality_ratio', next.quality_ratio, leastRatio),
    { name: 'ece', value: next.ece, limit: mostError, passed: next.ece <= mostError },
    ...(active === null
      ? []
      : [
          atLeast('aiq_against_active', next.aiq, active.aiq - aiqSlack),
          atLeast('quality_ratio_against_active', next.quality_ratio, active.quality_ratio - ratioSlack),
        ]),
  ]
  return { passed: checks.every(({ passed }) => passed), checks }
}
