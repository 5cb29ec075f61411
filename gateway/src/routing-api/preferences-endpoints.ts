import { GatewayError } from '@routeiq/contract'
import { userBias } from '@routeiq/router'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Caller } from '../identity/caller.ts'
import { workspaceOf } from '../identity/workspace.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { admitFeedback, credit, requireChoice } from './feedback-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const opinionSchema = z.object({
  user_id: z.string().min(1).max(256).nullish(),
  model: z.string().min(1).max(256),
  score: z.number().min(-1).max(1),
  request_id: z.string().min(1).max(256).nullish(),
  selected_arm: z.string().min(1).max(256).nullish(),
})

/**
 * `POST /api/v1/routeiq/routing/feedback`: what a user thinks of a model, from -1 to 1. With a request it judges that answer as
 * well; without, it counts for this user alone.
 */
export function opinionEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, preferences, outcomes } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: opinionSchema,
    answer: async ({ caller, body }) => {
      if (caller === null) throw new Error('the route asks for a key')
      await admitFeedback(deps, caller)
      const { request_id: requestId = null, selected_arm: arm = null } = body
      const judges = requestId !== null || arm !== null
      const isPersonal = isPersonalOn(deps)
      if (!isPersonal && !judges) throw disabled()
      const verdict = judges ? await judge(deps, caller, { requestId, arm }, body.score) : null
      const userId = isPersonal ? userOf(caller, body.user_id ?? null) : null
      if (userId !== null) {
        const opinion = { workspaceId: workspaceOf(caller, null), userId, arm: body.model, score: body.score }
        await preferences.addPreference(opinion, gateway.now())
        await outcomes.refresh()
      }
      return { body: { status: 'ok', user_id: userId, model: body.model, ...verdict } }
    },
  })
}

async function judge(
  deps: RoutingApiDependencies,
  caller: Caller,
  { requestId, arm }: { readonly requestId: string | null; readonly arm: string | null },
  score: number,
): Promise<object> {
  const handle = { requestId, arm, keyHash: caller.keyHash }
  const choice = await requireChoice(deps, caller, handle)
  const verdict = await credit(deps, caller, choice, {
    ...{ source: 'user', score: (score + 1) / 2, weight: null, reason: null, taskId: null },
  })
  return { decision_id: choice.decisionId, arm: choice.arm, ...verdict }
}

/** `GET /api/v1/routeiq/routing/preferences/{user_id}`: one's own, or for admins anybody's. */
export function preferencesEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, preferences } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    answer: async ({ caller, params }) => {
      if (caller === null) throw new Error('the route asks for a key')
      const userId = userOf(caller, params['user_id'] ?? '')
      const found = await preferences.listPreferences(workspaceOf(caller, null), userId ?? '')
      if (found.length === 0) throw noPreferences()
      return {
        body: {
          user_id: userId,
          preferences: Object.fromEntries(found.map((preference) => [preference.arm, userBias(preference)])),
          interactions: found.reduce((sum, { weight }) => sum + weight, 0),
          updated_at: new Date(Math.max(...found.map(({ updatedAt }) => updatedAt))).toISOString(),
        },
      }
    },
  })
}

/** `DELETE /api/v1/routeiq/routing/preferences/{user_id}`: forgets what the user said. */
export function forgetPreferencesEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, preferences, outcomes } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    answer: async ({ caller, params }) => {
      if (caller === null) throw new Error('the route asks for a key')
      const forgotten = await preferences.forgetPreferences(
        workspaceOf(caller, null),
        params['user_id'] ?? '',
      )
      if (forgotten === 0) throw noPreferences()
      await outcomes.refresh()
      return { body: { status: 'deleted', user_id: params['user_id'], forgotten } }
    },
  })
}

/** `GET /api/v1/routeiq/routing/personalized/stats`. */
export function personalStatsEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, outcomes } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    answer: () => ({
      body: {
        enabled: isPersonalOn(deps),
        users: outcomes.knownUsers,
        max_bias: 0.15,
        half_life_days: 30,
        last_merge: outcomes.lastRead === null ? null : new Date(outcomes.lastRead).toISOString(),
      },
    }),
  })
}

/** `POST /api/v1/routeiq/routing/r1`: not there, and says so. */
export function reasoningRouterEndpoint({ gateway }: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: gateway.identity,
    body: z.object({ query: z.string().min(1), system_message: z.string().nullish() }),
    answer: () => {
      throw new GatewayError(
        'router_r1_disabled',
        'There is no reasoning router; `POST /router/route` tells where a request would go and why.',
      )
    },
  })
}

const isPersonalOn = ({ gateway }: RoutingApiDependencies): boolean =>
  gateway.runtime().config.modelRouting.hearsOpinions

/** Whose opinions are meant. Errors: 403 for anybody's but one's own, admins apart. */
function userOf(caller: Caller, asked: string | null): string | null {
  if (caller.isAdmin || asked === null || asked === caller.userId) return asked ?? caller.userId
  throw new GatewayError('permission_denied', 'Only the user itself and admins may do this.', {
    param: 'user_id',
  })
}

function disabled(): GatewayError {
  return new GatewayError(
    'personalized_routing_disabled',
    'Opinions of users do not count here: set `routeiq.routing.personalized_enabled: true`, or name the request (`request_id`) to judge its answer.',
  )
}

function noPreferences(): GatewayError {
  return new GatewayError('no_preferences', 'This user has said nothing about any model.')
}
