import type { Endpoint } from '../../http/dispatch.ts'
import { OctetText } from '../../http/octet-text.ts'
import { type RestAnswer, type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { formatContent } from '../envelope.ts'
import { listOffered } from '../record-decision.ts'
import { type RouteBody, routeBody } from '../route-body.ts'
import { formatServerTiming } from '../stopwatch.ts'
import { answerDecision, sourceOf } from './answer-decision.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/** `POST /api/v1/skills/route`: which skills fit this request. */
export function routeEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: routeBody,
    answer: async (request) => {
      const { exchange, caller, workspaceId } = request
      deps.admitRouteCall(workspaceId, caller)
      const key = exchange.header('idempotency-key')
      return key === null ? answerRoute(deps, request) : answerOnce(deps, request, key)
    },
  })
}

async function answerOnce(
  deps: SkillRouterRoutesDependencies,
  request: RestRequest<RouteBody>,
  key: string,
): Promise<RestAnswer> {
  const scope = `route:${request.workspaceId}:${request.caller.keyHash ?? ''}`
  const kept = await deps.idempotent.run(scope, key, async () => {
    const { body } = await answerRoute(deps, request)
    return { envelope: Buffer.from(body.octets, 'latin1').toString('utf8') }
  })
  return { body: Buffer.from((kept as { envelope: string }).envelope) }
}

async function answerRoute(
  deps: SkillRouterRoutesDependencies,
  { exchange, caller, workspaceId, body }: RestRequest<RouteBody>,
): Promise<{ headers: readonly string[]; body: OctetText }> {
  const agentName = body.agent_name ?? null
  const model = body.model ?? null
  const routed = await deps.router.route({
    workspaceId,
    agentName,
    model,
    query: body.query,
    category: body.category ?? null,
    topK: body.top_k,
    maxMenuSize: body.max_menu_size ?? null,
    minRelevance: body.min_relevance ?? null,
    exclude: body.exclude ?? [],
    dryRun: body.dry_run ?? false,
    routingId: null,
  })
  const asker = {
    workspaceId,
    caller,
    agentName,
    model,
    source: sourceOf(exchange.header('user-agent')),
    query: body.query,
    captureContent: deps.captureContent(),
    now: deps.now(),
  }
  const { decision, menu } = routed
  const content = formatContent(decision, menu, {
    includeAttachments: body.include_attachments,
    explain: body.explain ?? false,
  })
  const offer = { offered: listOffered(decision.rows, menu.agent), offerDigest: null }
  const head = answerDecision(deps, routed, asker, offer)
  deps.latency.record(performance.now() - exchange.startedAt, deps.now())
  return {
    headers: ['server-timing', formatServerTiming(routed.timings)],
    body: new OctetText(`${head}${content}}`),
  }
}
