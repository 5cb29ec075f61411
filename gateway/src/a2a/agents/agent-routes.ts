import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import { type ControlRequest, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { requireEnabled } from '../calls/require-enabled.ts'
import { inspectCard } from '../cards/inspect-card.ts'
import { skillWords } from '../cards/rewrite-card.ts'
import { listUsableAgents, mayWriteAgents } from './agent-access.ts'
import { type AgentBody, addressedSchema, listWarnings, toRegistration } from './agent-schema.ts'
import { maskSecrets } from './agent-secrets.ts'
import { callerOf } from './caller-of.ts'
import { registerAgent, requireAgent, unregisterAgent } from './register-agent.ts'
import type { AgentRegistration, RemoteAgent } from './remote-agent.ts'

const registeredNote = 'The agent can be called at once; its card is fetched with the first call.'
const unregisteredNote = 'Its tasks and push targets are gone too.'

/** `/a2a/agents`: the registry of agents. */
export function agentRoutes(plane: A2aPlane): Route<Endpoint>[] {
  const route = (
    method: Method,
    template: string,
    auth: 'user' | 'admin',
    handler: Endpoint,
  ): Route<Endpoint> => ({ method, template, auth, aliased: false, handler })
  const withoutBody = (answer: (request: ControlRequest<unknown>) => Promise<object>): Endpoint =>
    controlEndpoint({
      identity: plane.identity,
      alsoAdmits: mayWriteAgents,
      body: null,
      answer: async (request) => {
        requireEnabled(plane)
        return { body: await answer(request) }
      },
    })
  const withBody = (answer: (request: ControlRequest<AgentBody>) => Promise<object>): Endpoint =>
    controlEndpoint({
      identity: plane.identity,
      alsoAdmits: mayWriteAgents,
      body: addressedSchema,
      answer: async (request) => {
        requireEnabled(plane)
        return { body: await answer(request) }
      },
    })
  const remove = withoutBody((request) => removeAgent(plane, request))
  return [
    route(
      'GET',
      '/a2a/agents',
      'user',
      withoutBody((request) => listAgents(plane, request)),
    ),
    route(
      'POST',
      '/a2a/agents',
      'admin',
      withBody((request) => addAgent(plane, request)),
    ),
    route(
      'GET',
      '/a2a/agents/{id}',
      'user',
      withoutBody((request) => showAgent(plane, request)),
    ),
    route(
      'PUT',
      '/a2a/agents/{id}',
      'admin',
      withBody((request) => replaceAgent(plane, request)),
    ),
    route('DELETE', '/a2a/agents/{id}', 'admin', remove),
    route('DELETE', '/agents/{id}', 'admin', remove),
  ]
}

async function showAgent(plane: A2aPlane, request: ControlRequest<unknown>): Promise<object> {
  const caller = callerOf(request)
  const agent = requireAgent(plane, request.params['id'] ?? '', caller)
  return {
    ...formatAgent(plane, agent, request, mayWriteAgents(caller)),
    ...(await inspected(plane, agent, request)),
  }
}

/** `?verify=true` of who may register agents asks the agent's server at once. */
async function inspected(
  plane: A2aPlane,
  agent: RemoteAgent,
  { query, caller }: ControlRequest<unknown>,
): Promise<object> {
  if (query.get('verify') !== 'true' || caller === null || !mayWriteAgents(caller)) return {}
  return { verification: await inspectCard(plane, agent) }
}

async function listAgents(plane: A2aPlane, request: ControlRequest<unknown>): Promise<object> {
  const caller = callerOf(request)
  const { query } = request
  const capabilities = query.getAll('capability').map((name) => name.toLowerCase())
  const skills = query.getAll('skill').map((name) => name.toLowerCase())
  const text = query.get('q')?.toLowerCase() ?? ''
  const isFiltered = capabilities.length > 0 || skills.length > 0
  const matches: RemoteAgent[] = []
  for (const agent of listUsableAgents(plane.directory, caller.objects)) {
    const words = isFiltered ? wordsOf(plane, agent) : []
    const hasAll = [...capabilities, ...skills].every((word) => words.includes(word))
    const isNamed = `${agent.name}\n${agent.description}`.toLowerCase().includes(text)
    if (hasAll && isNamed) matches.push(agent)
  }
  const page = pageOf(matches, query)
  return {
    agents: page.agents.map((agent) => formatAgent(plane, agent, request, mayWriteAgents(caller))),
    ...(page.next === null ? {} : { next_cursor: page.next }),
  }
}

/** The words an agent is found by: those it was registered with, and those of its card as far as it is known. */
function wordsOf(plane: A2aPlane, agent: RemoteAgent): readonly string[] {
  const own = agent.capabilities.map((name) => name.toLowerCase())
  return [...own, ...skillWords(agent.cardParams), ...skillWords(plane.cards.peek(agent))]
}

function pageOf(
  agents: readonly RemoteAgent[],
  query: URLSearchParams,
): { agents: readonly RemoteAgent[]; next: string | null } {
  const limit = Number(query.get('limit') ?? Number.POSITIVE_INFINITY)
  if (Number.isNaN(limit) || limit < 1)
    throw new GatewayError('invalid_request', 'limit must be a whole number of at least 1.', {
      param: 'limit',
    })
  const cursor = query.get('cursor')
  const rest = cursor === null ? agents : agents.filter(({ name }) => name > cursor)
  if (rest.length <= limit) return { agents: rest, next: null }
  const page = rest.slice(0, Math.floor(limit))
  return { agents: page, next: page.at(-1)?.name ?? null }
}

async function addAgent(plane: A2aPlane, request: ControlRequest<AgentBody>): Promise<object> {
  const caller = callerOf(request)
  const registration = toRegistration(request.body)
  const agent = await registerAgent(plane, { ...request, caller }, registration, null)
  return {
    status: 'registered',
    ...{ agent_id: agent.agentId, agent_name: agent.name, note: registeredNote },
    ...warned(registration),
    ...(await inspected(plane, agent, request)),
  }
}

async function replaceAgent(plane: A2aPlane, request: ControlRequest<AgentBody>): Promise<object> {
  const caller = callerOf(request)
  const known = requireAgent(plane, request.params['id'] ?? '', caller)
  const registration = toRegistration(request.body)
  const agent = await registerAgent(plane, { ...request, caller }, registration, known)
  const shown = formatAgent(plane, agent, request, true)
  return {
    ...{ status: 'updated', agent_id: agent.agentId, agent: shown },
    ...warned(registration),
    ...(await inspected(plane, agent, request)),
  }
}

async function removeAgent(plane: A2aPlane, request: ControlRequest<unknown>): Promise<object> {
  const caller = callerOf(request)
  const agent = requireAgent(plane, request.params['id'] ?? '', caller)
  await unregisterAgent(plane, { ...request, caller }, agent)
  return { status: 'unregistered', agent_id: agent.agentId, agent_name: agent.name, note: unregisteredNote }
}

function warned(registration: AgentRegistration): object {
  const warnings = listWarnings(registration)
  return warnings.length === 0 ? {} : { warnings }
}

/** An agent as the registry shows it: its own address for who may write it, the gateway's for everybody else. */
function formatAgent(
  plane: A2aPlane,
  agent: RemoteAgent,
  { exchange }: Pick<ControlRequest<unknown>, 'exchange'>,
  isWhole: boolean,
): object {
  const shown = maskSecrets(agent)
  return {
    agent_id: agent.agentId,
    agent_name: agent.name,
    description: agent.description,
    url: isWhole ? agent.url : `${plane.base(exchange).url}/a2a/${agent.name}`,
    capabilities: agent.capabilities,
    is_public: agent.isPublic,
    enabled: agent.isEnabled,
    ...(isWhole
      ? {
          agent_card_params: agent.cardParams,
          litellm_params: shown.params,
          static_headers: shown.staticHeaders,
          extra_headers: agent.extraHeaders,
          access_group_ids: agent.accessGroups,
          rpm_limit: agent.requestsPerMinute,
          ...shown.others,
          team_id: agent.teamId,
          source: agent.origin,
        }
      : {}),
  }
}
