import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import { type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { authorOf } from '../api/skill-context.ts'
import { longText } from '../write/skill-fields.ts'
import { readAgentName } from './agent-name.ts'
import type { AgentPrompt, AgentStore, KnownAgent } from './agent-store.ts'

interface PromptDependencies {
  readonly identity: Identity
  readonly agents: AgentStore
  readonly quotas: Pick<Quotas, 'limitOf'>
}

const promptBody = z.object({
  system_prompt: longText.nullish(),
  label: z.string().max(200).nullish(),
  /** A version to hold the agent to; null lets it follow the newest. */
  pinned_version_number: z.int().min(1).nullish(),
})

/** `GET` and `PUT /agents/{agent}/prompt`. */
export function promptRoutes(deps: PromptDependencies): Route<Endpoint>[] {
  const route = { template: '/api/v1/agents/{agent}/prompt', auth: 'user', aliased: false } as const
  const { identity } = deps
  return [
    {
      ...route,
      method: 'GET',
      handler: restEndpoint<undefined>({
        identity,
        body: null,
        answer: (request) => showPrompt(deps, request),
      }),
    },
    {
      ...route,
      method: 'PUT',
      handler: restEndpoint({
        identity,
        body: promptBody,
        answer: async (request) => ({ body: await setPrompt(deps, request) }),
      }),
    },
  ]
}

/** Errors: 404 for an agent nobody has said anything about, 409 for a pin that leads nowhere. 304 by `If-None-Match`. */
async function showPrompt({ agents }: PromptDependencies, request: RestRequest<undefined>) {
  const { workspaceId, params, query, exchange } = request
  const agentName = readAgentName(params['agent'])
  const agent = await agents.findAgent(workspaceId, agentName)
  if (agent === null) throw noSuchAgent(agentName)
  const wanted = readNumber(query.get('version'))
  const number = wanted ?? agent.pinnedNumber
  const prompt = await agents.readPrompt(workspaceId, agentName, number)
  if (prompt === null && number !== null) throw unresolvable(agentName, number, wanted !== null)
  const body = formatPrompt(agentName, agent, prompt, wanted !== null)
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}"`
  const headers = ['etag', etag, 'cache-control', 'private, no-cache']
  return exchange.header('if-none-match') === etag ? { status: 304, headers, body: {} } : { headers, body }
}

async function setPrompt(
  { agents, quotas }: PromptDependencies,
  { workspaceId, params, body, caller }: RestRequest<z.output<typeof promptBody>>,
): Promise<object> {
  const agentName = readAgentName(params['agent'])
  const systemPrompt = body.system_prompt ?? null
  if (body.system_prompt !== undefined) {
    const contentHash = createHash('sha256')
      .update(systemPrompt ?? '')
      .digest('hex')
    const made = { systemPrompt, contentHash, label: body.label ?? null, author: authorOf(caller, null) }
    await agents.addPrompt(workspaceId, agentName, made, quotas.limitOf(workspaceId, 'agents'))
  }
  const pin = body.pinned_version_number
  if (pin !== undefined) {
    if (pin !== null && (await agents.readPrompt(workspaceId, agentName, pin)) === null)
      throw unresolvable(agentName, pin, false)
    await agents.pinPrompt(workspaceId, agentName, pin)
  }
  const agent = await agents.findAgent(workspaceId, agentName)
  if (agent === null) throw noSuchAgent(agentName)
  return formatPrompt(
    agentName,
    agent,
    await agents.readPrompt(workspaceId, agentName, agent.pinnedNumber),
    false,
  )
}

function formatPrompt(
  agentName: string,
  agent: KnownAgent,
  prompt: AgentPrompt | null,
  isNamed: boolean,
): object {
  const pinned = agent.pinnedNumber
  return {
    agent_name: agentName,
    agent_id: agent.agentId,
    system_prompt: prompt?.systemPrompt ?? null,
    version_number: prompt?.versionNumber ?? null,
    version_id: prompt?.versionId ?? null,
    content_hash: prompt?.contentHash ?? null,
    label: prompt?.label ?? null,
    version_mode: pinned === null ? 'latest' : 'pinned',
    pinned_version_number: pinned,
    resolved_from: isNamed ? 'version' : pinned === null ? 'latest' : 'pin',
  }
}

function readNumber(text: string | null): number | null {
  if (text === null || text === '' || text === 'latest') return null
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new GatewayError('invalid_request', '`version` must be the number of a version.', {
    param: 'version',
  })
}

function unresolvable(agentName: string, number: number, isNamed: boolean): GatewayError {
  const message = `The agent ${agentName} has no prompt version ${number}.`
  return new GatewayError(isNamed ? 'not_found' : 'conflict', message, { param: 'version' })
}

function noSuchAgent(agentName: string): GatewayError {
  return new GatewayError('not_found', `Nothing is known of an agent ${agentName}.`, { param: 'agent' })
}
