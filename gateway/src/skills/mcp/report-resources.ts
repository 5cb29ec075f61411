import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore } from '../skill-store.ts'
import { describeListed } from './listed-skill.ts'
import { refuseSize, refuseSkill } from './refuse-skill.ts'

export interface ResourceReportDependencies {
  readonly identity: Identity
  readonly store: Pick<SkillStore, 'list' | 'readVersion'>
}

const pageSkills = 100

/**
 * `GET /api/v1/skill-resources`: what of a workspace MCP serves, and what is left out of it and why. For admins, and for
 * holders of `skills.admin` in their own workspace.
 */
export function resourceReportRoute({ identity, store }: ResourceReportDependencies): Route<Endpoint> {
  return {
    method: 'GET',
    template: '/api/v1/skill-resources',
    auth: 'admin',
    aliased: false,
    handler: controlEndpoint({
      identity,
      errors: 'api-v1',
      body: null,
      alsoAdmits: (caller) => holdsPermission(caller, 'skills.admin'),
      answer: async ({ exchange, caller }) => {
        const workspaceId = caller === null ? '' : workspaceOf(caller, exchange.header('x-workspace-id'))
        return { body: await reportResources(store, workspaceId) }
      },
    }),
  }
}

async function reportResources(
  store: ResourceReportDependencies['store'],
  workspaceId: string,
): Promise<object> {
  const omitted: { readonly name: string; readonly reason: string }[] = []
  let served = 0
  for (let after: string | null = null, hasMore = true; hasMore; ) {
    const page = await store.list(workspaceId, { limit: pageSkills, after, safety: 'all' })
    for (const skill of page.skills) {
      const reason = await refuse(store, skill)
      if (reason === null) served += 1
      else omitted.push({ name: skill.name, reason })
    }
    after = page.skills.at(-1)?.name ?? null
    hasMore = page.hasMore && after !== null
  }
  return { workspace_id: workspaceId, served, omitted }
}

async function refuse(store: ResourceReportDependencies['store'], skill: Skill): Promise<string | null> {
  const { workspaceId, skillId, served } = skill
  const refusal = refuseSkill(skill)
  if (refusal !== null || served === null) return refusal
  const version = await store.readVersion(workspaceId, skillId, { versionId: served.versionId })
  if (version === null) return 'its text is gone'
  const isListed = describeListed(skill, version) !== null
  return refuseSize(version) ?? (isListed ? null : 'its frontmatter lacks its name or a description')
}
