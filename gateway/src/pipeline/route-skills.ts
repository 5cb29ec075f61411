import { GatewayError } from '@routeiq/contract'
import { readRecord, readText } from '../conversation/json-value.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import { type SkipReason, skippedOutcome } from '../injection/skills-outcome.ts'
import { MalformedWish, readSkillsWish, type SkillsWish } from '../injection/skills-wish.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { askerOf, beginTurn } from './skills/begin-turn.ts'
import { readContainerSkills, type WantedSkill } from './skills/read-container.ts'
import { readShellSkills, type ShellSkill } from './skills/read-shell-skills.ts'
import { RequestContainer } from './skills/request-container.ts'
import { ShellContainer } from './skills/shell-container.ts'

const header = 'x-routeiq-skills'

/**
 * Gives the request its skills where the caller, its key, the model's entry or the operator wants that, and looks up those
 * it wants in a container. A request without skills comes back as it is, at once. Errors: 400 `invalid_skills_header` and
 * for a container that cannot be read, 404 `skill_not_found`; nothing else that goes wrong with skills fails a request.
 */
export function routeSkills(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
): ModelRequest | Promise<ModelRequest> {
  if (request.operation !== 'chat') return request
  const { maxPerRequest } = request.runtime.config.skills
  const { container } = request.body
  const contained = readContainerSkills(container, maxPerRequest)
  const wish = chooseWish(request, resolution)
  const containerId = readText(container) ?? readText(readRecord(container)?.['id'])
  if (containerId !== null)
    return goOn(gateway, request, resolution, progress, { contained, wish, containerId })
  if (contained !== null) return fillContainer(gateway, request, resolution, progress, { contained, wish })
  const inShell =
    request.protocol.id === 'openai-responses' ? readShellSkills(request.body['tools'], maxPerRequest) : null
  if (inShell !== null) return fillShell(gateway, request, resolution, progress, { inShell, wish })
  if (wish === null) return request
  return inject(gateway, request, resolution, progress, wish)
}

/** The request with the skills it would get, for what only counts it: nothing is decided or kept. */
export async function previewSkills(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
): Promise<ModelRequest> {
  const wish = chooseWish(request, resolution)
  if (wish === null) return request
  const equipped = await inject(gateway, request, resolution, progress, wish, true)
  if (equipped.skills !== null) progress.skills = { outcome: { ...equipped.skills.outcome, routingId: null } }
  return equipped
}

/** The header or body counts, then what is configured; null for no skills. Errors: 400 `invalid_skills_header`. */
function chooseWish(request: ModelRequest, resolution: Resolution): SkillsWish | SkipReason | null {
  // An agent has no use for the gateway's tools.
  if (resolution.group.hasAgents) return null
  const asked = request.exchange.header(header) ?? readRecord(request.body['routeiq'])?.['skills'] ?? null
  const configured = configuredWish(request, resolution)
  if (asked === null && configured === null) return null
  const { allowOverride } = request.runtime.config.skillInjection
  if (asked !== null && allowOverride) return readWish(asked, header)
  return configured === null ? 'locked' : readWish(configured, 'routeiq_skills')
}

/** What counts when the caller says nothing: its key's word, the model entry's, the operator's. */
function configuredWish({ caller, runtime }: ModelRequest, { group }: Resolution): unknown {
  return caller.metadata['routeiq_skills'] ?? group.skillsWish ?? runtime.config.skillInjection.byDefault
}

function readWish(value: unknown, param: string): SkillsWish | null {
  try {
    const wish = readSkillsWish(value)
    return wish.mode === 'off' ? null : wish
  } catch (error) {
    if (!(error instanceof MalformedWish)) throw error
    throw new GatewayError('invalid_skills_header', `${param}: ${error.message}`, { param })
  }
}

async function inject(
  gateway: Gateway,
  request: ModelRequest,
  { group }: Resolution,
  progress: Progress,
  wish: SkillsWish | SkipReason,
  isDryRun = false,
): Promise<ModelRequest> {
  const deployment = firstDeployment(group, progress.choice)
  const isPossible = typeof wish !== 'string' && deployment !== undefined
  const begun = isPossible
    ? await beginTurn(gateway, request, deployment, wish, { isDryRun })
    : reasonOf(wish)
  if (typeof begun === 'string') {
    progress.skills = { outcome: skippedOutcome(begun) }
    return request
  }
  progress.skills = begun.turn
  return { ...request, skills: begun.turn, parsed: begun.parsed }
}

/** The deployment the skills are meant for: the first of the chosen model. */
function firstDeployment(group: Resolution['group'], choice: ModelChoice | null): Deployment | undefined {
  if (choice === null) return group.deployments[0]
  return group.deployments.find((deployment) => choice.routed.armOf.get(deployment)?.name === choice.chosen)
}

const reasonOf = (wish: SkillsWish | SkipReason): SkipReason =>
  typeof wish === 'string' ? wish : 'unsupported-endpoint'

interface Wanted {
  readonly contained: readonly WantedSkill[] | null
  readonly wish: SkillsWish | SkipReason | null
}

/** A container is where it was made. */
async function goOn(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
  { contained, wish, containerId }: Wanted & { readonly containerId: string },
): Promise<ModelRequest> {
  const at = { ...request, preferredId: await gateway.containerHomes.find(containerId) }
  if (contained !== null) return fillContainer(gateway, at, resolution, progress, { contained, wish })
  return wish === null ? at : inject(gateway, at, resolution, progress, wish)
}

/** What becomes of the container's skills depends on the deployment, so that only their look-up is done here. */
async function fillContainer(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
  { contained, wish }: Wanted & { readonly contained: readonly WantedSkill[] },
): Promise<ModelRequest> {
  const { workspaceId, agentName } = askerOf(request)
  const entries = await Promise.all(
    contained.map(async (wanted) => {
      const isCustom = wanted.type === 'custom'
      const own = isCustom
        ? await gateway.containers.find(workspaceId, agentName, wanted.id, wanted.version)
        : null
      return { wanted, own }
    }),
  )
  const members = readRecord(request.body['container']) ?? {}
  const container = new RequestContainer(workspaceId, entries, members, async () =>
    wish === null ? null : (await inject(gateway, request, resolution, progress, wish)).skills,
  )
  return { ...request, container }
}

/** The same for the container of a shell. */
async function fillShell(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
  { inShell, wish }: Pick<Wanted, 'wish'> & { readonly inShell: readonly ShellSkill[] },
): Promise<ModelRequest> {
  const { workspaceId, agentName } = askerOf(request)
  const entries = await Promise.all(
    inShell.map(async (skill) => {
      const own =
        skill.type === 'skill_reference'
          ? await gateway.containers.find(workspaceId, agentName, skill.id, skill.version)
          : null
      return { skill, own }
    }),
  )
  const container = new ShellContainer(workspaceId, entries, async () =>
    wish === null ? null : (await inject(gateway, request, resolution, progress, wish)).skills,
  )
  return { ...request, container }
}
