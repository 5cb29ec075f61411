import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

const reembedBody = z.object({ target_model: z.string().max(255).nullish() })

/**
 * `POST /api/v1/skills/reembed`: turns the workspace's skills into vectors anew and swaps the index for the new one when
 * it is complete. Errors: 422 for another model than the one that is configured, 502 when that does not answer.
 */
export function reembedEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: reembedBody,
    answer: async ({ workspaceId, body }) => {
      const { kind, model } = deps.embedders.queryOf(workspaceId).state
      const configured = model ?? kind
      const wanted = body.target_model ?? configured
      if (wanted !== configured) {
        const message = `The embedder of this workspace is ${configured}; another one is chosen with PUT /api/v1/router/embedder, or for all in the configuration (skills.router.embedding_model).`
        const issue = { type: 'value_error', loc: ['body', 'target_model'], msg: message }
        throw new GatewayError('validation_failed', message, { extras: { issues: [issue] } })
      }
      const count = await deps.reembed(workspaceId)
      const [reembedded, skipped] = kind === 'none' ? [0, count] : [count, 0]
      return { body: { status: 'ok', reembedded, skipped, target_model: configured } }
    },
  })
}
