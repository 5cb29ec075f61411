import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import { type ControlRequest, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { requireEnabled } from '../calls/require-enabled.ts'
import { listUsableAgents, mayWriteAgents } from './agent-access.ts'
import { type AgentBody, agentSchema, listWarnings, toRegistration } from './agent-schema.ts'
import { maskSecrets } from './agent-secrets.ts'
import { callerOf } from './caller-of.ts'
import { inRegistry, registerAgent, requireAgent, unregisterAgent } from './register-agent.ts'
import type { RemoteAgent } from './remote-agent.ts'

const patchSchema = agentSchema.partial()
const publicSchema = z.looseObject({ agent_ids: z.array(z.string()).min(1).max(1_000) })

/** `/v1/agents`: the registry as LiteLLM has it, over the same agents. */
export function parityAgentRoutes(plane: A2aPlane): Route<Endpoint>[] {
  const route = <Body>(
    [method, path, auth]: readonly [Method, string, 'user' | 'admin'],
    body: z.ZodType<Body> | null,
    answer: (request: ControlRequest<Body>) => Promise<{ status?: number; body: unknown }>,
  ): Route<Endpoint> => ({
    method,
    template: `/v1/agents${path}`,
    auth,
    aliased: false,
    handler: controlEndpoint({
      identity: plane.identity,
      alsoAdmits: mayWriteAgents,
      body,
      answer: (request) => {
        requireEnabled(plane)
        return answer(request)
      },
    }),
  })
  const find = (request: ControlRequest<unknown>): RemoteAgent =>
    requireAgent(plane, request.params['id'] ?? '', callerOf(request))
  const save = async (request: ControlRequest<unknown>, body: AgentBody, known: RemoteAgent | null) => {
    const registration = toRegistration(body)
    const agent = await registerAgent(plane, { ...request, caller: callerOf(request) }, registration, known)
    const spend = await spendOf(plane, [agent])
    return { body: { ...formatAgent(agent, spend), warnings: listWarnings(registration) } }
  }
  const publish = async (request: ControlRequest<unknown>, ids: readonly string[]) => {
    const agents = ids.map((id) => requireAgent(plane, id, callerOf(request)))
    for (const agent of agents) {
      const changed = { ...agent, isPublic: true }
      await registerAgent(plane, { ...request, caller: callerOf(request) }, changed, agent)
    }
    const public_agents = agents.map(({ agentId }) => agentId)
    return { body: { message: 'These agents are public now', public_agents } }
  }
  return [
    route(['GET', '', 'user'], null, async (request) => {
      const caller = callerOf(request)
      const visible = listUsableAgents(plane.directory, caller.objects)
      const gateway = plane.base(request.exchange).url
      if (!mayWriteAgents(caller)) return { body: visible.map((agent) => showToUser(agent, gateway)) }
      const spend = await spendOf(plane, visible)
      return { body: visible.map((agent) => formatAgent(agent, spend)) }
    }),
    route(['POST', '', 'admin'], agentSchema, (request) => save(request, request.body, null)),
    route(['GET', '/{id}', 'user'], null, async (request) => {
      const agent = find(request)
      const gateway = plane.base(request.exchange).url
      if (!mayWriteAgents(callerOf(request))) return { body: showToUser(agent, gateway) }
      return { body: formatAgent(agent, await spendOf(plane, [agent])) }
    }),
    route(['PUT', '/{id}', 'admin'], agentSchema, (request) => save(request, request.body, find(request))),
    route(['PATCH', '/{id}', 'admin'], patchSchema, (request) => {
      const known = find(request)
      return save(
        request,
        { ...toBody(known), ...request.body, agent_name: request.body.agent_name ?? known.name },
        known,
      )
    }),
    route(['DELETE', '/{id}', 'admin'], null, async (request) => {
      const agent = find(request)
      await unregisterAgent(plane, { ...request, caller: callerOf(request) }, agent)
      return { body: { message: `Agent ${agent.agentId} deleted successfully`, agent_id: agent.agentId } }
    }),
    route(['POST', '/make_public', 'admin'], publicSchema, (request) =>
      publish(request, request.body.agent_ids),
    ),
    route(['POST', '/{id}/make_public', 'admin'], z.looseObject({}), (request) =>
      publish(request, [find(request).agentId]),
    ),
  ]
}

/** A registration as a client would write it. */
function toBody(agent: RemoteAgent): AgentBody {
  return {
    ...agent.others,
    agent_name: agent.name,
    ...(agent.url === null ? {} : { url: agent.url }),
    description: agent.description,
    capabilities: [...agent.capabilities],
    agent_card_params: { ...agent.cardParams },
    litellm_params: { ...agent.params },
    static_headers: { ...agent.staticHeaders },
    extra_headers: [...agent.extraHeaders],
    access_group_ids: [...agent.accessGroups],
    rpm_limit: agent.requestsPerMinute,
    is_public: agent.isPublic,
    enabled: agent.isEnabled,
    team_id: agent.teamId,
  }
}

/** In USD, by id. */
type Spend = ReadonlyMap<string, number>

function spendOf({ store }: A2aPlane, agents: readonly RemoteAgent[]): Promise<Spend> {
  return inRegistry(store.spendOf(agents.map(({ agentId }) => agentId)))
}

function formatAgent(agent: RemoteAgent, spend: Spend): object {
  const body = toBody(maskSecrets(agent))
  return {
    ...body,
    agent_id: agent.agentId,
    spend: spend.get(agent.agentId) ?? 0,
    agent_card_params: {
      name: agent.name,
      description: agent.description,
      url: agent.url,
      ...agent.cardParams,
    },
    created_at: new Date(agent.createdAt).toISOString(),
    created_by: agent.createdBy,
    updated_at: new Date(agent.updatedAt).toISOString(),
    updated_by: agent.updatedBy,
  }
}

/** Users see what they can call, and nothing of how the gateway reaches it. */
function showToUser(agent: RemoteAgent, gateway: string): object {
  const url = `${gateway}/a2a/${agent.name}`
  const { url: _, ...card } = agent.cardParams
  return {
    agent_id: agent.agentId,
    agent_name: agent.name,
    description: agent.description,
    url,
    agent_card_params: { name: agent.name, description: agent.description, ...card, url },
    is_public: agent.isPublic,
  }
}
