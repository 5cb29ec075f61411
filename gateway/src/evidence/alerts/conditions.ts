import type { Finding } from './alert.ts'

/** What is wrong with a workspace's skills and quotas as they stand, whatever agents do. */
export interface Conditions {
  /** Skills whose newest version is held back, or was found worse than before by a later scan. */
  readonly unsafe: readonly {
    readonly name: string
    readonly versionNumber: number
    readonly safetyStatus: string
    readonly isQuarantined: boolean
    /** What the scan said before; null for a version that was never better. */
    readonly before: string | null
  }[]
  /** Public skills this workspace uses or copied, and what became of them. */
  readonly upstream: readonly {
    readonly name: string
    /** `new_version` of a copy's original; a used skill that was `withdrawn` and goes on for a while; `lost` for good. */
    readonly change: 'new_version' | 'withdrawn' | 'lost'
    readonly versionNumber: number | null
    /** Epoch milliseconds; until when a withdrawn skill is still served. */
    readonly servedUntil: number | null
  }[]
  /** Limits of which four fifths are used. */
  readonly quotas: readonly {
    readonly dimension: string
    /** Null for the workspace. */
    readonly keyHash: string | null
    readonly plan: string
    readonly used: number
    readonly limit: number
  }[]
}

/** One finding for each condition. */
export function findConditions({ unsafe, upstream, quotas }: Conditions): readonly Finding[] {
  return [
    ...unsafe.map(
      ({ name, versionNumber, safetyStatus, isQuarantined, before }): Finding => ({
        kind: 'safety_changed',
        subject: name,
        evidence: {
          version_number: versionNumber,
          safety_status: safetyStatus,
          quarantined: isQuarantined,
          previous_safety_status: before,
        },
      }),
    ),
    ...upstream.map(
      ({ name, change, versionNumber, servedUntil }): Finding => ({
        kind: 'upstream_update',
        subject: name,
        evidence: {
          change,
          upstream_version_number: versionNumber,
          served_until: servedUntil === null ? null : new Date(servedUntil).toISOString(),
        },
      }),
    ),
    ...quotas.map(
      ({ dimension, keyHash, plan, used, limit }): Finding => ({
        kind: 'quota_near',
        subject: keyHash === null ? dimension : `${dimension} of key ${keyHash.slice(0, 12)}`,
        evidence: { plan, dimension, used, limit, share: used / limit },
      }),
    ),
  ]
}
