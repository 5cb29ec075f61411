import { z } from 'zod'
import { readRecord } from '../../conversation/json-value.ts'
import type { AgentRegistration } from './remote-agent.ts'

const name = z
  .string()
  .regex(/^[^\s/]{1,128}$/, 'an agent_name has 1 to 128 characters without spaces and slashes')
  .refine((value) => value !== 'agents', '"agents" is part of the address of the registry')
const record = z.record(z.string(), z.unknown())
/** What the agent itself may use; a member of another form would quietly limit nothing. */
const objectPermission = z.looseObject({
  agents: z.array(z.string()).nullish(),
  agent_access_groups: z.array(z.string()).nullish(),
  mcp_servers: z.array(z.string()).nullish(),
  mcp_access_groups: z.array(z.string()).nullish(),
  mcp_tool_permissions: z.record(z.string(), z.array(z.string())).nullish(),
  blocked_tools: z.array(z.string()).nullish(),
})
const headers = z.record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/), z.string().regex(/^[^\r\n\0]*$/))

/** A registration as both registries take it; members that nobody knows are kept. */
export const agentSchema = z.looseObject({
  agent_name: name,
  url: z.string().optional(),
  description: z.string().nullish(),
  capabilities: z.array(z.string().max(256)).max(256).nullish(),
  agent_card_params: record.nullish(),
  litellm_params: record.nullish(),
  static_headers: headers.nullish(),
  extra_headers: z.array(z.string()).nullish(),
  access_group_ids: z.array(z.string()).nullish(),
  object_permission: objectPermission.nullish(),
  rpm_limit: z.number().int().min(1).nullish(),
  is_public: z.boolean().nullish(),
  enabled: z.boolean().nullish(),
  team_id: z.string().nullish(),
})

/** The same of an agent that says where it is, itself or by its card. */
export const addressedSchema = agentSchema.refine(
  ({ url, agent_card_params: card }) => url !== undefined || typeof card?.['url'] === 'string',
  { path: ['url'], message: 'an agent needs a url' },
)

export type AgentBody = z.infer<typeof agentSchema>

/** Members with a place of their own in a registration. */
const own = new Set(Object.keys(agentSchema.shape).filter((member) => member !== 'object_permission'))
/** Given by the gateway; a client that sends back what it read means no change. */
const readOnly = new Set([
  'agent_id',
  'spend',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'warnings',
])

export function toRegistration(body: AgentBody): AgentRegistration {
  const cardParams = readRecord(body.agent_card_params) ?? {}
  const params = readRecord(body.litellm_params) ?? {}
  const cardUrl = cardParams['url']
  const cardDescription = cardParams['description']
  const others = Object.entries(body).filter(([member]) => !own.has(member) && !readOnly.has(member))
  return {
    name: body.agent_name,
    url: body.url ?? (typeof cardUrl === 'string' ? cardUrl : null),
    description: body.description ?? (typeof cardDescription === 'string' ? cardDescription : ''),
    capabilities: body.capabilities ?? [],
    cardParams,
    params,
    staticHeaders: body.static_headers ?? {},
    extraHeaders: body.extra_headers ?? [],
    accessGroups: body.access_group_ids ?? [],
    requestsPerMinute: body.rpm_limit ?? null,
    others: Object.fromEntries(others),
    isPublic: body.is_public ?? params['make_public'] === true,
    isEnabled: body.enabled ?? true,
    teamId: body.team_id ?? null,
  }
}

/** Members that are kept for what reads them and change nothing here yet. */
const unsupported = [
  ...['kill_switch', 'identity', 'execution_mode', 'guardrails'],
  'require_trace_id_on_calls_by_agent',
]

/** Sentences about what a registration asks for and does not get. */
export function listWarnings({ others, params }: AgentRegistration): readonly string[] {
  const names = [
    ...unsupported.filter((member) => member in others || member in params),
    ...['custom_llm_provider', 'model'].filter((member) => member in params),
  ]
  return names.map((member) => `${member} is kept but not supported yet`)
}
