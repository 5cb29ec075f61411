import { randomUUID } from 'node:crypto'
import { type CallOptions, call } from '../harness/call-gateway.ts'
import { messages } from '../harness/deployments.ts'
import type { ScriptedAgent } from '../harness/scripted-agent.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import type { RawServer } from '../mcp-servers/raw-server.ts'

/** A word in everything the tenant has that nobody else may read. */
export const canary = 'acme-canary'

/** What is called by a name in `routes.txt`. */
export type Belongings = Readonly<Record<string, string>>

export interface Tenant {
  /** The key of one of its people. */
  readonly owner: string
  readonly has: Belongings
}

interface Places {
  readonly agent: ScriptedAgent
  readonly toolServer: RawServer
  readonly upstream: string
}

/** Makes one of everything that somebody can own, through the API, as an admin or as the owner. */
export async function plantTenant(gateway: Gateway, places: Places): Promise<Tenant> {
  const ask = async (key: string, path: string, body?: object, options: CallOptions = {}) => {
    const answer = await call(gateway.url, path, { key, ...(body && { body }), ...options })
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
    return answer.text.startsWith('{') || answer.text.startsWith('[') ? answer.json() : answer.text
  }
  const admin = (path: string, body?: object, options?: CallOptions) =>
    ask(gateway.masterKey, path, body, options)
  const people = await plantPeople(gateway, admin)
  const asOwner = (path: string, body?: object, options?: CallOptions) =>
    ask(people.owner, path, body, options)
  return {
    owner: people.owner,
    has: {
      ...people.has,
      ...(await plantRules(admin, people.has)),
      ...(await plantTools(admin, asOwner, places)),
      ...(await plantAgent(admin, asOwner, places, people.has)),
      ...(await plantModels(gateway, admin, asOwner, people.owner, places, people.has)),
      ...(await plantSkills(asOwner)),
      ...(await plantEvidence(asOwner)),
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes are looked into as they are
type Ask = (path: string, body?: object, options?: CallOptions) => Promise<any>

async function plantPeople(gateway: Gateway, admin: Ask): Promise<Tenant> {
  const [organization, team, user] = ['acme-org', 'acme-support', 'acme-ann']
  await admin('/organization/new', { organization_id: organization, organization_alias: 'acme-alias' })
  const person = { user_id: user, user_email: 'ann@acme-canary.test', user_role: 'internal_user' }
  await admin('/user/new', { ...person, auto_create_key: false })
  await admin('/team/new', {
    ...{ team_id: team, team_alias: `${canary} team`, organization_id: organization },
    members_with_roles: [{ role: 'user', user_id: user }],
  })
  const own = await gateway.createKey({
    ...{ user_id: user, team_id: team, organization_id: organization, key_alias: 'acme-key-alias' },
    ...{ metadata: { note: canary }, object_permission: { mcp_access_groups: ['acme-tools'] } },
  })
  const spare = await gateway.createKey({ user_id: user, key_alias: 'acme-spare-alias' })
  const minted = await call(gateway.url, '/me/keys', { key: own.key, body: { name: `${canary} key` } })
  return {
    owner: own.key,
    has: {
      ...{ organization, team, user, email: person.user_email, teamAlias: `${canary} team` },
      ...{
        key: own.token,
        keyAlias: 'acme-key-alias',
        spareKey: spare.token,
        spareAlias: 'acme-spare-alias',
      },
      ownKey: minted.json().key_id,
    },
  }
}

async function plantRules(admin: Ask, { organization = '' }: Belongings): Promise<Belongings> {
  const governance = '/api/v1/routeiq/governance'
  await admin('/customer/new', { user_id: 'acme-customer', alias: canary })
  await admin('/tag/new', { name: 'acme-tag', description: canary })
  await admin('/budget/new', { budget_id: 'acme-budget', max_budget: 1_000 })
  await admin('/credentials', {
    ...{ credential_name: 'acme-credential', credential_values: { api_key: 'sk-acme' } },
    credential_info: { description: canary },
  })
  const policy = {
    policy_id: 'acme-policy',
    name: canary,
    limit_type: 'requests',
    limit_value: 1e6,
    limit_period: 'day',
  }
  await admin(`${governance}/policies`, policy)
  await admin(`${governance}/workspaces`, {
    workspace_id: 'acme-workspace',
    name: canary,
    org_id: organization,
  })
  await admin('/claude-code/plugins', {
    ...{ name: 'acme-plugin', source: { source: 'github', repo: 'acme/brand' } },
  })
  await admin(`/api/v1/quotas/${organization}`, { limits: { agents: 1 } }, { method: 'PUT' })
  return {
    ...{ customer: 'acme-customer', tag: 'acme-tag', budget: 'acme-budget', credential: 'acme-credential' },
    ...{ policy: 'acme-policy', workspace: 'acme-workspace', plugin: 'acme-plugin' },
  }
}

async function plantTools(admin: Ask, asOwner: Ask, { toolServer }: Places): Promise<Belongings> {
  const server = { server_id: 'acme-server', name: 'acme-server', url: toolServer.url, transport: 'http' }
  await admin('/llmrouter/mcp/servers', { ...server, access_groups: ['acme-tools'], description: canary })
  await waitUntil('the tool server is healthy', async () => {
    const health = await admin('/v1/llmrouter/mcp/server/acme-server/health')
    return health.status === 'healthy'
  })
  await asOwner('/v1/mcp/server/acme-server/user-credential', { credential: 'acme-canary-credential' })
  const listed = await asOwner('/v0/servers?search=acme-server')
  const toolset = await admin('/v1/mcp/toolset', {
    ...{ toolset_name: 'acme-toolset', description: canary },
    tools: [{ server_id: 'acme-server', tool_name: 'echo' }],
  })
  for (const server_id of ['acme-submitted', 'acme-offered'])
    await asOwner('/v1/mcp/server/register', { ...server, server_id, name: server_id })
  return {
    ...{ server: 'acme-server', toolset: toolset.toolset_id, submission: 'acme-submitted' },
    ...{ offer: 'acme-offered', serverUrl: toolServer.url },
    ...{ tool: 'acme-server-echo', listedServer: listed.servers[0].server.name, accessGroup: 'acme-tools' },
  }
}

async function plantAgent(
  admin: Ask,
  asOwner: Ask,
  { agent }: Places,
  { team = '' }: Belongings,
): Promise<Belongings> {
  const { agent_id } = await admin('/a2a/agents', {
    ...{ agent_name: 'acme-agent', url: agent.url, description: canary, team_id: team },
  })
  const rpc = async (method: string, params: object) =>
    (await asOwner('/a2a/acme-agent', { jsonrpc: '2.0', id: 1, method, params })).result
  const { task } = await rpc('SendMessage', {
    message: { messageId: 'ask', role: 'ROLE_USER', parts: [{ text: canary }] },
  })
  const push = await rpc('CreateTaskPushNotificationConfig', {
    ...{ taskId: task.id, id: 'acme-push', url: `${agent.url}/news`, token: canary },
  })
  if (push?.id !== 'acme-push') throw new Error('the agent takes no push configuration')
  return {
    ...{ agent: 'acme-agent', agentId: agent_id, agentUrl: agent.url, push: 'acme-push' },
    ...{ task: task.id, cancelTask: `${task.id}:cancel`, context: task.contextId },
  }
}

async function plantModels(
  gateway: Gateway,
  admin: Ask,
  asOwner: Ask,
  owner: string,
  { upstream }: Places,
  { team = '' }: Belongings,
): Promise<Belongings> {
  await admin('/model/new', {
    ...{ model_name: 'acme-managed', model_info: { id: 'acme-managed-id', team_id: team } },
    litellm_params: { model: 'openai/acme-managed', api_base: upstream, api_key: 'sk-acme' },
  })
  const response = await asOwner('/v1/responses', { model: 'acme-model', input: canary })
  const answer = await call(gateway.url, '/v1/chat/completions', {
    key: owner,
    body: { model: 'auto', messages },
  })
  const request = answer.headers['x-request-id'] ?? ''
  if (answer.status !== 200) throw new Error(answer.text)
  await admin('/api/v1/evidence/experiments', {
    ...{ id: 'acme-experiment', hypothesis: canary, max_share: 0.5 },
    variants: ['largest', 'smallest'].map((name) => ({ name, strategy: `llmrouter-${name}`, weight: 50 })),
  })
  return {
    ...{ model: 'acme-model', managedModel: 'acme-managed', managedId: 'acme-managed-id' },
    ...{ response: response.id, request, experiment: 'acme-experiment' },
  }
}

async function plantSkills(asOwner: Ask): Promise<Belongings> {
  const body_markdown = `# ${canary}\n\nAsk for the order number first, then go on step by step.`
  const skill = { name: 'acme-skill', description: `About ${canary}.`, body_markdown }
  const { skill_id, version_id } = await asOwner('/api/v1/skills', skill)
  const attachment = await asOwner('/api/v1/skills/acme-skill/attachments', {
    ...{ file_path: 'references/acme.md', content_text: canary },
  })
  const bundle = await asOwner('/api/v1/bundles', { name: 'acme-bundle', skills: [{ skill: 'acme-skill' }] })
  await asOwner('/api/v1/agents/acme-helper/prompt', { system_prompt: canary }, { method: 'PUT' })
  await asOwner('/api/v1/agents/acme-helper/skills/acme-skill', {})
  return {
    ...{ skill: 'acme-skill', skillId: skill_id, skillVersion: version_id, helper: 'acme-helper' },
    ...{ attachment: attachment.id, bundle: bundle.id },
  }
}

async function plantEvidence(asOwner: Ask): Promise<Belongings> {
  const [trace, manifest] = [randomUUID(), randomUUID()]
  await asOwner('/api/v1/manifests', { id: manifest, agent_name: 'acme-helper', version_label: canary })
  await asOwner('/api/v1/traces', {
    ...{ id: trace, agent_name: 'acme-helper', user_input: canary, manifest_id: manifest },
    ...{ started_at: new Date().toISOString(), skills_loaded_by_agent: ['acme-skill'] },
  })
  const webhook = await asOwner('/api/v1/webhooks', { url: 'https://acme-canary.test/hook' })
  const evaluator = await asOwner('/api/v1/evaluators', {
    ...{ agent_name: 'acme-helper', template_id: 'no_error', name: 'acme-evaluator' },
  })
  const { opened } = await asOwner('/api/v1/alerts/evaluate', {})
  const routed = await asOwner('/api/v1/skills/route', { query: 'order number', agent_name: 'acme-helper' })
  return {
    ...{
      trace,
      manifest,
      webhook: webhook.id,
      evaluator: evaluator.id,
      alert: opened[0]?.id,
      routing: routed.routing_id,
    },
  }
}

/** Keys of people of other organizations and of nobody, and of a neighbour in the same organization. */
export async function plantStrangers(gateway: Gateway): Promise<Readonly<Record<string, string>>> {
  const admin = (path: string, body: object) => call(gateway.url, path, { key: gateway.masterKey, body })
  const person = async (user_id: string, organization_id: string, isChief = false): Promise<string> => {
    const team_id = `${organization_id}-${user_id}`
    await admin('/organization/new', { organization_id, organization_alias: organization_id })
    await admin('/user/new', {
      ...{ user_id, user_role: isChief ? 'org_admin' : 'internal_user', auto_create_key: false },
    })
    const role = isChief ? 'admin' : 'user'
    await admin('/team/new', { team_id, organization_id, members_with_roles: [{ role, user_id }] })
    if (isChief)
      await admin('/organization/member_add', { organization_id, member: { role: 'org_admin', user_id } })
    return (await gateway.createKey({ user_id, organization_id, team_id })).key
  }
  return {
    stranger: await person('gus', 'globex'),
    chief: await person('cho', 'initech', true),
    keyOnly: (await gateway.createKey()).key,
    neighbour: await person('ned', 'acme-org'),
  }
}
