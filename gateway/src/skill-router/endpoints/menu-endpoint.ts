import type { Endpoint } from '../../http/dispatch.ts'
import { OctetText } from '../../http/octet-text.ts'
import { parseQuery } from '../../rest/parse-query.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { MenuAnswers } from '../menu-answers.ts'
import { menuQuery } from '../route-body.ts'
import { formatServerTiming } from '../stopwatch.ts'
import { answerDecision, sourceOf } from './answer-decision.ts'
import { isUnchanged } from './entity-tag.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/**
 * `GET /api/v1/skills/menu`: all an agent may use. The entity tag is that of the menu; who has it already gets 304, and
 * no decision is made.
 */
export function menuEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  const answers = new MenuAnswers()
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ exchange, caller, workspaceId, query }) => {
      deps.admitRouteCall(workspaceId, caller)
      const wanted = parseQuery(query, menuQuery)
      const agentName = wanted.agent_name ?? null
      const found = await deps.router.findMenu(workspaceId, agentName, wanted.category ?? null)
      const answer = answers.find(found.menu, wanted.max_menu_size ?? null, wanted.include_attachments)
      const timing = ['server-timing', formatServerTiming(found.timings)]
      const headers = ['etag', answer.etag, 'cache-control', 'private, no-cache', ...timing]
      if (found.degradedReason === null && isUnchanged(exchange.header('if-none-match'), answer.etag))
        return { status: 304, headers, body: Buffer.alloc(0) }
      const routed = deps.router.offerMenu(found, answer.decision)
      const asker = {
        workspaceId,
        caller,
        agentName,
        model: null,
        source: sourceOf(exchange.header('user-agent')),
        query: null,
        captureContent: false,
        now: deps.now(),
      }
      const head = answerDecision(deps, routed, asker, answer.offer)
      const { content } = answer
      const body =
        typeof content === 'string'
          ? new OctetText(head + content)
          : Buffer.concat([Buffer.from(head), content])
      return { headers, body }
    },
  })
}
