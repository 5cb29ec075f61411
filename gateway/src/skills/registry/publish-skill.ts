import { GatewayError } from '@routeiq/contract'
import type { Caller } from '../../identity/caller.ts'
import type { RestRequest } from '../../rest/rest-endpoint.ts'
import { creatorOf, requireOwnSkill, retryChanged } from '../api/skill-context.ts'
import type { IntentReview } from '../checks/review-intent.ts'
import type { Skill } from '../skill.ts'
import { principalOf, type RegistryRoutesDependencies } from './registry-context.ts'

const publicName = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\/[a-z0-9]+(?:-[a-z0-9]+)*)?$/

type Deps = RegistryRoutesDependencies
type Request = Pick<RestRequest<undefined>, 'workspaceId' | 'params' | 'query' | 'caller'>

/**
 * `POST /skills/{skill}/publish`. Errors: 403 for who did not make it, 400 for what the scan blocked, 422 for a name the
 * registry cannot carry or a missing category, 409 for a name that is taken.
 */
export async function publishSkill(
  deps: Deps,
  { workspaceId, params, query, caller }: Request,
): Promise<object> {
  deps.quotas.requireFeature(principalOf(workspaceId, caller), 'publish')
  const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
  requireCreator(skill, caller)
  requireName(skill)
  await requireSafe(deps, workspaceId, skill)
  await requireMeasured(deps, skill)
  const category = query.get('category') || skill.category
  if (category === null) throw invalid('category', 'Give a category: `publish?category=support`.')
  const tags =
    query
      .get('tags')
      ?.split(',')
      .map((tag) => tag.trim())
      .filter(Boolean) ?? skill.tags
  const authorDisplayName = query.get('author_display_name')
  const publication = { category, tags, authorDisplayName }
  const published = await deps.registry
    .publish(workspaceId, skill.skillId, publication)
    .catch(nameTaken(skill))
  if (!published) throw noSuchSkill(skill.name)
  return { status: 'ok', skill_id: skill.skillId, category, skill_badge: 'community' }
}

/** `POST /skills/{skill}/unpublish`. Whoever uses the skill keeps its last safe version for 30 days. */
export async function unpublishSkill(deps: Deps, { workspaceId, params, caller }: Request): Promise<object> {
  const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
  requireCreator(skill, caller)
  const cleared = await deps.registry.unpublish(workspaceId, skill.skillId)
  if (cleared === null) throw new GatewayError('not_found', `The skill ${skill.name} is not public.`)
  await deps.registry.followSources(workspaceId)
  return { status: 'ok', skill_id: skill.skillId, forks_cleared: cleared }
}

/** `POST /skills/{skill}/merge-upstream`. Errors: 400 when it is no copy, 404 when the original is public no more. */
export function mergeUpstream(deps: Deps, { workspaceId, params, query, caller }: Request): Promise<object> {
  const mode = query.get('mode') ?? 'preview'
  if (mode !== 'preview' && mode !== 'replace')
    throw new GatewayError('invalid_request', '`mode` must be preview or replace.', { param: 'mode' })
  return retryChanged(async () => {
    const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
    const fork = await deps.registry.findFork(workspaceId, skill.skillId)
    if (fork === null)
      throw new GatewayError('invalid_request', `The skill ${skill.name} is no copy of a public skill.`)
    const upstream = await deps.registry.find(fork.upstreamSkillId)
    if (upstream === null)
      throw new GatewayError('not_found', `What ${skill.name} was copied from is public no more.`)
    if (mode === 'preview') {
      const current = await deps.skills.readVersion(workspaceId, skill.skillId, {
        versionId: skill.latest.versionId,
      })
      return {
        upstream_body: upstream.body,
        upstream_version_number: upstream.versionNumber,
        upstream_change_summary: null,
        current_body: current?.body ?? '',
        has_upstream_update: upstream.versionId !== fork.upstreamVersionId,
      }
    }
    const { version } = await deps.writer.revise(workspaceId, skill, {
      body: upstream.body,
      description: upstream.description,
      author: caller.keyAlias ?? caller.kind,
      changeSummary: `Version ${upstream.versionNumber} of ${upstream.name}`,
    })
    await deps.registry.moveFork(workspaceId, skill.skillId, upstream.versionId)
    return {
      status: 'ok',
      skill_id: skill.skillId,
      version: version.versionNumber,
      version_id: version.versionId,
    }
  })
}

function requireCreator({ name, createdBy }: Skill, caller: Caller): void {
  if (caller.isAdmin || createdBy === null || createdBy === creatorOf(caller)) return
  throw new GatewayError(
    'permission_denied',
    `Only who made ${name}, or an admin, may decide where it is shown.`,
  )
}

function requireName({ name }: Skill): void {
  if (publicName.test(name)) return
  throw invalid('name', `${name} cannot be public: use lower-case ASCII letters, digits and hyphens.`)
}

/** What the scan blocked, or what a model that reviewed it rejected, stays where it is. */
async function requireSafe(
  { skills }: Pick<Deps, 'skills'>,
  workspaceId: string,
  { skillId, name, latest, served }: Skill,
): Promise<void> {
  const { versionId, safetyStatus } = served ?? latest
  const version = await skills.readVersion(workspaceId, skillId, { versionId })
  const { findings = [], checks = {}, intent_review: review } = (version?.scan ?? {}) as ScanRecord
  const isSafe = served !== null && safetyStatus !== 'blocked'
  const reason = !isSafe
    ? 'safety_blocked'
    : review?.intent_status === 'rejected'
      ? 'intent_rejected'
      : review?.content_status === 'blocked'
        ? 'content_blocked'
        : null
  if (reason === null) return
  const message = isSafe
    ? `${name} was reviewed and cannot be public: ${review?.reason}`
    : `The scan blocked ${name}; it cannot be public.`
  const flags = Object.keys(checks)
  const extras = { reason, findings, flags, categories: flags }
  throw new GatewayError('safety_blocked', message, { extras })
}

/** What is read of a stored scan. */
interface ScanRecord {
  readonly findings?: readonly object[]
  readonly checks?: object
  readonly intent_review?: Partial<IntentReview>
}

/** Where the operator asks for it: test cases, and a run of them that measured something. */
async function requireMeasured(
  { settings, benchmarks }: Deps,
  { name, skillId, evalYaml }: Skill,
): Promise<void> {
  if (!settings().publishNeedsBenchmark) return
  const latest = evalYaml === null ? null : await benchmarks.findLatest(skillId)
  if (latest?.isVerified === true && !latest.report.aggregate.error_dominated) return
  const message = `The skill ${name} needs test cases and a benchmark run before it can be published.`
  throw new GatewayError('invalid_request', message, { extras: { reason: 'benchmark_required' } })
}

const nameTaken =
  ({ name }: Skill) =>
  (error: unknown): never => {
    if (!(error instanceof GatewayError && error.code === 'conflict')) throw error
    throw new GatewayError('conflict', `Another public skill is called ${name}; names are unique.`)
  }

function noSuchSkill(name: string): GatewayError {
  return new GatewayError('not_found', `No skill ${name} was found.`, { param: 'skill' })
}

function invalid(field: string, msg: string): GatewayError {
  return new GatewayError('validation_failed', msg, {
    extras: { issues: [{ type: 'value_error', loc: ['query', field], msg }] },
  })
}
