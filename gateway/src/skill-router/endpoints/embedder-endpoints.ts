import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

const path = '/router/embedder'
const embedderBody = z.strictObject({
  url: z.string().max(2_048),
  model: z.string().trim().min(1).max(255),
  dimensions: z.int().min(1).max(8_192),
  api_key: z.string().min(1).max(4_096).nullish(),
})

/** `/api/v1/router/embedder`: the embedding model a workspace brings itself. */
export function embedderRoutes(deps: SkillRouterRoutesDependencies): Route<Endpoint>[] {
  const { identity, embedders, ownEmbedders } = deps
  const show = (workspaceId: string): object => {
    const { kind, model, available } = embedders.queryOf(workspaceId).state
    const source = embedders.isOwn(workspaceId) ? 'workspace' : 'gateway'
    return { source, kind, model: model ?? null, available }
  }
  return [
    restRoute(
      'GET',
      path,
      restEndpoint({ identity, body: null, answer: ({ workspaceId }) => ({ body: show(workspaceId) }) }),
    ),
    restRoute(
      'PUT',
      path,
      restEndpoint({
        identity,
        body: embedderBody,
        answer: async ({ workspaceId, caller, body }) => {
          requireAdministrator(caller)
          deps.requireOwnEmbedder(workspaceId, caller)
          const { url, model, dimensions, api_key: apiKey = null } = body
          await ownEmbedders.set({ workspaceId, url, model, dimensions, apiKey })
          await embedders.refresh()
          return { body: { status: 'ok', ...show(workspaceId) } }
        },
      }),
    ),
    restRoute(
      'DELETE',
      path,
      restEndpoint({
        identity,
        body: null,
        answer: async ({ workspaceId, caller }) => {
          requireAdministrator(caller)
          const deleted = await ownEmbedders.remove(workspaceId)
          await embedders.refresh()
          return { body: { status: 'ok', deleted, ...show(workspaceId) } }
        },
      }),
    ),
  ]
}

/** Requests of everybody in the workspace go where this points. */
function requireAdministrator(caller: Caller): void {
  if (holdsPermission(caller, 'skills.admin')) return
  throw new GatewayError(
    'permission_denied',
    'Choosing the embedder of a workspace needs the permission skills.admin, or an admin.',
    { extras: { required_permission: 'skills.admin' } },
  )
}
