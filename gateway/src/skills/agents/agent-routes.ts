import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { RestRequest } from '../../rest/rest-endpoint.ts'
import { requireSkill } from '../api/skill-context.ts'
import { callerRoute } from '../registry/registry-context.ts'
import type { RegistryStore } from '../registry/registry-store.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore } from '../skill-store.ts'
import { readAgentName } from './agent-name.ts'
import type { AgentStore, AgentSummary, Assignment } from './agent-store.ts'
import { promptRoutes } from './prompt-routes.ts'

export interface AgentRoutesDependencies {
  readonly identity: Identity
  readonly agents: AgentStore
  readonly skills: SkillStore
  readonly registry: Pick<RegistryStore, 'find' | 'use'>
  readonly quotas: Pick<Quotas, 'limitOf'>
}

/** Agents, what they are assigned, and their prompts. */
export function agentRoutes(deps: AgentRoutesDependencies): Route<Endpoint>[] {
  const assigned = '/agents/{agent}/skills'
  return [
    callerRoute(deps, 'GET', '/agents', (request) => listAgents(deps, request)),
    callerRoute(deps, 'GET', assigned, (request) => listAssigned(deps, request)),
    callerRoute(deps, 'POST', `${assigned}/{skill+}`, (request) => assign(deps, request)),
    callerRoute(deps, 'DELETE', `${assigned}/{skill+}`, (request) => unassign(deps, request)),
    ...promptRoutes(deps),
  ]
}

type Request = Pick<RestRequest<undefined>, 'workspaceId' | 'params' | 'query' | 'caller'>

async function listAgents(
  { agents }: AgentRoutesDependencies,
  { workspaceId, query }: Request,
): Promise<object> {
  const all = await agents.list(workspaceId)
  const limit = query.get('limit')
  const offset = Math.max(0, Number(query.get('offset') ?? 0) || 0)
  const page = limit === null ? all : all.slice(offset, offset + Math.max(0, Number(limit) || 0))
  return { agents: page.map(formatAgent), total: all.length }
}

async function listAssigned(
  { agents }: AgentRoutesDependencies,
  { workspaceId, params }: Request,
): Promise<object> {
  const agentName = readAgentName(params['agent'])
  const assignments = await agents.listAssignments(workspaceId, agentName)
  return { agent_name: agentName, skills: assignments.map(formatAssignment), total: assignments.length }
}

/** A public skill of others is linked for this agent on the way. */
async function assign(deps: AgentRoutesDependencies, request: Request): Promise<object> {
  const { workspaceId, params, query } = request
  const agentName = readAgentName(params['agent'])
  const skill = await findOrLink(deps, request, agentName)
  const pin = query.get('version') ?? query.get('pin_version_id')
  const pinnedVersionId = pin === null || pin === '' ? null : await readPin(deps, workspaceId, skill, pin)
  const limit = deps.quotas.limitOf(workspaceId, 'agents')
  const [made] = await deps.agents.assign(
    workspaceId,
    agentName,
    [{ skillId: skill.skillId, pinnedVersionId }],
    limit,
  )
  return {
    status: 'ok',
    action: made?.isNew === true ? 'assigned' : 'updated',
    subscription_id: made?.id,
    agent_name: agentName,
    skill_id: skill.skillId,
    pinned_version_id: pinnedVersionId,
  }
}

async function findOrLink(
  deps: AgentRoutesDependencies,
  request: Request,
  agentName: string,
): Promise<Skill> {
  const { workspaceId, params, caller } = request
  const reference = params['skill'] ?? ''
  const known = await deps.skills.find(workspaceId, reference)
  if (known !== null) return known
  const entry = await deps.registry.find(reference)
  if (entry !== null) {
    const link = {
      scope: 'agent',
      agents: [agentName],
      pinnedVersionId: null,
      createdBy: caller.keyAlias,
    } as const
    await deps.registry.use(workspaceId, entry.skillId, link)
  }
  return requireSkill(deps.skills, workspaceId, reference)
}

/** By number or id. Errors: 404 for a version there is not or that may not be served. */
export async function readPin(
  { skills }: Pick<AgentRoutesDependencies, 'skills'>,
  workspaceId: string,
  { skillId, name }: Skill,
  pin: string,
): Promise<string> {
  const selector = /^\d{1,9}$/.test(pin) ? { versionNumber: Number(pin) } : { versionId: pin }
  const version = await skills.readVersion(workspaceId, skillId, selector)
  if (version !== null && !version.isQuarantined) return version.versionId
  throw new GatewayError('not_found', `The skill ${name} has no version ${pin} that may be served.`, {
    param: 'version',
  })
}

async function unassign(deps: AgentRoutesDependencies, { workspaceId, params }: Request): Promise<object> {
  const skill = await requireSkill(deps.skills, workspaceId, params['skill'] ?? '')
  const removed = await deps.agents.unassign(workspaceId, readAgentName(params['agent']), skill.skillId)
  return { status: 'ok', action: removed ? 'unassigned' : 'noop' }
}

function formatAgent(agent: AgentSummary): object {
  const { latestManifest: manifest, lastTraceAt } = agent
  return {
    agent_name: agent.agentName,
    trace_count: agent.traceCount,
    last_trace_at: lastTraceAt === null ? null : new Date(lastTraceAt).toISOString(),
    latest_manifest:
      manifest === null
        ? null
        : { id: manifest.id, version_label: manifest.versionLabel, manifest_hash: manifest.manifestHash },
    unevaluated_count: agent.unevaluatedCount,
    is_subagent: agent.isSubagent,
  }
}

function formatAssignment(assignment: Assignment): object {
  return {
    subscription_id: assignment.id,
    skill_id: assignment.skillId,
    skill_name: assignment.skillName,
    description: assignment.description,
    category: assignment.category,
    pinned_version_id: assignment.pinnedVersionId,
    pinned_version_number: assignment.pinnedVersionNumber,
    scope: 'agent',
    created_at: new Date(assignment.createdAt).toISOString(),
  }
}
