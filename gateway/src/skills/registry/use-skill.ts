import { GatewayError } from '@routeiq/contract'
import type { RestRequest } from '../../rest/rest-endpoint.ts'
import { authorOf } from '../api/skill-context.ts'
import { type RegistryRoutesDependencies, requireEntry } from './registry-context.ts'
import type { RegistryDetail, SkillLink } from './registry-store.ts'

type Deps = Pick<RegistryRoutesDependencies, 'registry' | 'skills'>
type Request = Pick<RestRequest<undefined>, 'workspaceId' | 'params' | 'query' | 'caller'>

/**
 * `POST /registry/skills/{skill}/use`: a live link, to the newest safe version or to a pin. A workspace that uses what it
 * published itself has it already: nothing is linked.
 */
export async function useSkill(deps: Deps, { workspaceId, params, query, caller }: Request): Promise<object> {
  const entry = await requireEntry(deps.registry, params['skill'])
  const scope = readChoice(query, 'scope', ['workspace', 'agent'])
  const agents = (query.get('agents') ?? '')
    .split(',')
    .map((agent) => agent.trim())
    .filter(Boolean)
  if (scope === 'agent' && agents.length === 0)
    throw new GatewayError('invalid_request', 'Say for which agents: `agents=a,b`.', { param: 'agents' })
  const mode = readChoice(query, 'mode', ['latest', 'pinned'])
  const pinnedVersionId = mode === 'pinned' ? await readPin(deps, entry, query.get('version')) : null
  if (entry.workspaceId === workspaceId) return { status: 'ok', uses: [], shadowed_by_owned: true }
  const link = await deps.registry.use(workspaceId, entry.skillId, {
    scope,
    agents: scope === 'agent' ? agents : [],
    pinnedVersionId,
    createdBy: authorOf(caller, null),
  })
  return { status: 'ok', uses: formatUses(link, mode), shadowed_by_owned: link.isShadowed }
}

/** `DELETE …/use`. */
export async function stopUsingSkill(deps: Deps, { workspaceId, params }: Request): Promise<object> {
  const reference = params['skill'] ?? ''
  // One that is withdrawn is known to those who use it alone.
  const found = (await deps.registry.find(reference)) ?? (await deps.skills.find(workspaceId, reference))
  const removed = found !== null && (await deps.registry.stopUsing(workspaceId, found.skillId))
  if (!removed) throw new GatewayError('not_found', `The workspace does not use ${reference}.`)
  return { status: 'ok', deleted: true }
}

function formatUses(
  { id, skillId, name, scope, agents, pinnedVersionId }: SkillLink,
  mode: string,
): object[] {
  const use = { id, skill_id: skillId, skill_name: name, scope, mode, pinned_version_id: pinnedVersionId }
  return scope === 'workspace'
    ? [{ ...use, agent_name: null }]
    : agents.map((agent) => ({ ...use, agent_name: agent }))
}

/** By number or by id; without, the version that is served now. */
async function readPin(
  { registry }: Pick<Deps, 'registry'>,
  entry: RegistryDetail,
  version: string | null,
): Promise<string> {
  const pin =
    version === null || version === '' ? entry.versionId : await registry.findVersion(entry.skillId, version)
  if (pin !== null) return pin
  throw new GatewayError('not_found', `The skill ${entry.name} has no safe version ${version}.`, {
    param: 'version',
  })
}

function readChoice<Choice extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const text = query.get(name) ?? choices[0]
  const choice = choices.find((known) => known === text)
  if (choice !== undefined) return choice
  throw new GatewayError('invalid_request', `\`${name}\` must be ${choices.join(' or ')}.`, { param: name })
}
