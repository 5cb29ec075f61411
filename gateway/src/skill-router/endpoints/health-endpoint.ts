import type { Endpoint } from '../../http/dispatch.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/** `GET /api/v1/router/health` of the process that answers. Indexes of other workspaces are for admins. */
export function healthEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: ({ caller, workspaceId }) => {
      const indexes = deps.catalogues
        .list()
        .filter((held) => caller.isAdmin || held.workspaceId === workspaceId)
      const { count, p50, p99 } = deps.latency.percentiles(deps.now())
      const { state } = deps.embedders.queryOf(workspaceId)
      const confirmed = deps.catalogues.isStoreAnswering
      return {
        body: {
          status: confirmed && state.available ? 'ok' : 'degraded',
          embedder: state,
          store: { answering: confirmed },
          indexes: indexes.map(({ workspaceId: workspace_id, epoch, skills }) => ({
            workspace_id,
            epoch,
            skills,
          })),
          decisions_waiting: deps.decisions.waiting,
          degraded: deps.degradations.counts,
          route_latency_ms: { window_s: 300, count, p50, p99 },
        },
      }
    },
  })
}
