import { z } from 'zod'
import type { Usage } from '../conversation/usage.ts'

/** A whole answer as its client got it. */
export interface CachedAnswer {
  /** A complete event stream; otherwise one JSON text. */
  readonly isStream: boolean
  /** The stream ends with usage, which not every client asks for. */
  readonly includesUsage: boolean
  readonly text: string
  readonly usage: Usage | null
  /** Who gave it, for the headers of an answer. */
  readonly deploymentId: string
  /** Epoch milliseconds. */
  readonly storedAt: number
}

const shared = z.object({
  isStream: z.boolean(),
  includesUsage: z.boolean(),
  text: z.string(),
  usage: z.custom<Usage>((value) => typeof value === 'object' && value !== null).nullable(),
  deploymentId: z.string(),
  storedAt: z.number(),
})

export const formatShared = (answer: CachedAnswer): string => JSON.stringify(answer)

/** Null for what another version wrote. */
export function parseShared(text: string): CachedAnswer | null {
  try {
    return shared.parse(JSON.parse(text))
  } catch {
    return null
  }
}
