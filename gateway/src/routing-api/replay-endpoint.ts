import { GatewayError } from '@routeiq/contract'
import { findStrategy, profiles } from '@routeiq/router'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import { replayChoices } from '../model-routing/replay-choices.ts'
import type { Scorers } from '../model-routing/scorers.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { requireShelved } from './bundle-endpoints.ts'
import { describeReplay } from './describe-replay.ts'
import { readWindow } from './read-window.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const mostRows = 20_000

const schema = z.object({
  strategy: z
    .string()
    .refine((name) => findStrategy(name) !== null, { message: 'GET /router/info lists the strategies' }),
  args: z.record(z.string(), z.unknown()).default({}),
  bundle_id: z.string().nullish(),
  profile: z.enum(profiles).nullish(),
  lambda: z.number().min(0).nullish(),
  window: z.string().default('30d'),
})

/**
 * `POST /api/v1/evidence/replay`: what a strategy, by the bundle in force or another, would have come to on the judged requests of a
 * window, from logged probabilities. Errors: 404 `bundle_not_found`.
 */
export function replayEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, choices, choiceLog } = deps
  return controlEndpoint({
    ...{ identity: gateway.identity, body: schema },
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async ({ body }) => {
      const { config, routing } = gateway.runtime()
      const scorers = scorersOf(deps, body.bundle_id ?? null)
      const resolved = scorers.resolve(body.strategy, body.args, config.modelRouting.usePrior)
      requireReplayable(resolved.scorer.needs, resolved.scorer.name)
      await choiceLog.flush()
      const rows = await choices.listChoices(null, readWindow(body.window, gateway.now()), mostRows)
      const value = replayChoices(rows, {
        ...{ resolved, profile: body.profile ?? null, lambda: body.lambda ?? null, now: gateway.now() },
        arms: [...routing.routers.values()].flatMap(({ arms }) => arms).filter(isFirst),
      })
      return {
        body: {
          strategy: body.strategy,
          effective_strategy: resolved.scorer.name,
          bundle_id: resolved.bundleId,
          ...describeReplay(value),
        },
      }
    },
  })
}

/** Those in force where no bundle is named, or theirs is. */
function scorersOf(
  { gateway, scorers, bundles, bundleShelf }: RoutingApiDependencies,
  bundleId: string | null,
): Scorers {
  if (bundleId === null || bundleId === bundles.active?.id) return scorers
  const { folder } = requireShelved(bundleShelf, bundleId)
  try {
    return bundles.openBeside(folder, gateway.runtime().config.modelRouting.labels)
  } catch (error) {
    throw new GatewayError('validation_failed', (error as Error).message)
  }
}

/** A model belongs to several routers. */
function isFirst<Named extends { readonly name: string }>(
  arm: Named,
  at: number,
  all: readonly Named[],
): boolean {
  return all.findIndex(({ name }) => name === arm.name) === at
}

/** Decisions keep features and no text. Errors: 400 for what reads words. */
function requireReplayable(needs: readonly string[], name: string): void {
  const isLocal = !needs.includes('remote')
  if (isLocal && (needs.includes('artifact') || !needs.includes('text'))) return
  throw new GatewayError(
    'invalid_request',
    `${name} reads the words of a request, and decisions are kept without them; only trained strategies and those that look at models alone can be replayed.`,
    { param: 'strategy' },
  )
}
