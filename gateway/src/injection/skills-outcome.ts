import type { LoadedSkill } from './skill-loads.ts'

/** Why a request got no skills although it was to get some. */
export type SkipReason =
  | 'client-router'
  | 'no-eligible'
  | 'context-budget'
  | 'locked'
  | 'unsupported-endpoint'
  | 'timeout'
  | 'error'

/** How skills went for one request, for headers, logs and the trace. */
export interface SkillsOutcome {
  readonly mode: 'menu' | 'auto' | 'list' | 'inline' | 'native' | 'injected' | 'mixed' | 'off'
  /** Null when skills were skipped. */
  readonly routingId: string | null
  readonly offered: readonly string[]
  readonly hinted: readonly string[]
  readonly degradedReason: string | null
  readonly skipped: SkipReason | null
  /** Ids of skills, and tools, that the model's vendor lacks and that were left out. */
  readonly dropped: readonly string[]
  /** Those the model has got in this turn; grows while the request runs. */
  readonly loaded: readonly LoadedSkill[]
  /** Upstream calls this request made; 0 before its answer. */
  readonly upstreamCalls: number
}

/** Of a request without a turn. */
export const noTurnOutcome: SkillsOutcome = {
  mode: 'off',
  routingId: null,
  offered: [],
  hinted: [],
  degradedReason: null,
  skipped: null,
  dropped: [],
  loaded: [],
  upstreamCalls: 0,
}

export function skippedOutcome(skipped: SkipReason): SkillsOutcome {
  return { ...noTurnOutcome, skipped }
}
