import type { Definition, Description } from './definition.ts'

/** What a server offers, as it said when it was asked last. */
export interface ServerOffer {
  readonly tools: readonly Definition[]
  readonly prompts: readonly Definition[]
  readonly templates: readonly Definition[]
  readonly resources: readonly Description[]
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly instructions: string | null
  /** Milliseconds for which its lists may be kept, by their methods; 0 where it does not say. */
  readonly freshMs: Readonly<Record<string, number>>
  readonly era: 'legacy' | 'modern'
  readonly protocolVersion: string
}

export type HealthStatus = 'healthy' | 'unhealthy' | 'unknown' | 'auth_required' | 'blocked' | 'invalid_url'

/** How a server did when it was asked last. */
export interface ServerHealth {
  readonly status: HealthStatus
  readonly latencyMs: number | null
  /** Epoch milliseconds. */
  readonly checkedAt: number | null
  readonly lastSuccessAt: number | null
  /** A sentence without addresses or secrets. */
  readonly error: string | null
}

export const neverAsked: ServerHealth = {
  status: 'unknown',
  latencyMs: null,
  checkedAt: null,
  lastSuccessAt: null,
  error: null,
}
