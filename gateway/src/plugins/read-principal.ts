import type { PluginPrincipal } from '@routeiq/contract'
import { z } from 'zod'

const amount = z.number().nonnegative().optional()
const name = z.string().min(1).max(255)

// Strict, since a limit that is misspelt would limit nothing.
const principalSchema = z.strictObject({
  id: name,
  userId: name.optional(),
  teamId: name.optional(),
  organizationId: name.optional(),
  models: z.array(z.string()).optional(),
  allowedRoutes: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  requestsPerMinute: amount,
  tokensPerMinute: amount,
  parallelRequests: amount,
  maxBudgetUsd: amount,
  budgetDuration: z.string().optional(),
  expiresAt: z.number().optional(),
})

/** Reads what `authenticate` returned; null for a token nobody is behind. Errors: throws for what is no principal. */
export function readPrincipal(value: unknown): PluginPrincipal | null {
  if (value === null || value === undefined) return null
  const parsed = principalSchema.safeParse(value)
  if (!parsed.success) throw new TypeError(`it returned no principal: ${z.prettifyError(parsed.error)}`)
  // A member that is undefined says as little as one that is missing.
  return parsed.data as PluginPrincipal
}
