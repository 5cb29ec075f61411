import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import { type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { readAgentName } from '../agents/agent-name.ts'
import { type AgentRoutesDependencies, readPin } from '../agents/agent-routes.ts'
import { requireSkill } from '../api/skill-context.ts'
import { principalOf } from '../registry/registry-context.ts'
import type { Bundle, BundleDraft, BundleStore } from './bundle-store.ts'

export interface BundleRoutesDependencies extends Omit<AgentRoutesDependencies, 'registry' | 'quotas'> {
  readonly bundles: BundleStore
  readonly quotas: Pick<Quotas, 'limitOf' | 'requireFeature'>
}

const name = z.string().trim().min(1).max(100)
const skills = z
  .array(z.object({ skill: z.string().min(1), version: z.union([z.string(), z.int()]).nullish() }))
  .max(200)
const createBody = z.object({
  name,
  description: z.string().max(1_024).default(''),
  skills: skills.default([]),
})
const updateBody = z.object({
  name: name.optional(),
  description: z.string().max(1_024).optional(),
  skills: skills.optional(),
})

type Fields = z.output<typeof updateBody>

/** `/bundles`: named sets of skills that are applied to an agent in one write. */
export function bundleRoutes(deps: BundleRoutesDependencies): Route<Endpoint>[] {
  const { bundles } = deps
  return [
    route(deps, 'GET', '', null, async ({ workspaceId }) => {
      const all = await bundles.list(workspaceId)
      return { bundles: all.map(formatBundle), total: all.length }
    }),
    route(deps, 'POST', '', createBody, async ({ workspaceId, body }) => {
      const draft = await draftOf(deps, workspaceId, body, { name: body.name, description: '', skills: [] })
      return formatBundle(await save(deps, workspaceId, null, draft))
    }),
    route(deps, 'GET', '/{id}', null, async ({ workspaceId, params }) =>
      formatBundle(await requireBundle(deps, workspaceId, params['id'])),
    ),
    route(deps, 'PUT', '/{id}', updateBody, async ({ workspaceId, params, body }) => {
      const bundle = await requireBundle(deps, workspaceId, params['id'])
      return formatBundle(
        await save(deps, workspaceId, bundle.id, await draftOf(deps, workspaceId, body, bundle)),
      )
    }),
    route(deps, 'DELETE', '/{id}', null, async ({ workspaceId, params }) => {
      const bundle = await requireBundle(deps, workspaceId, params['id'])
      await bundles.delete(workspaceId, bundle.id)
      return { status: 'ok', deleted: true }
    }),
    route<undefined>(deps, 'POST', '/{id}/apply', null, (request) => applyBundle(deps, request)),
  ]
}

/** All skills of the bundle or none. Errors: 409 when one of them is gone. */
async function applyBundle(
  deps: BundleRoutesDependencies,
  { workspaceId, params, query }: RestRequest<undefined>,
): Promise<object> {
  const bundle = await requireBundle(deps, workspaceId, params['id'])
  const agentName = readAgentName(query.get('agent'))
  const gone = bundle.skills.filter(({ skillName }) => skillName === null)
  if (gone.length > 0) {
    const ids = gone.map(({ skillId }) => skillId).join(', ')
    throw new GatewayError('conflict', `The bundle ${bundle.name} holds skills that are gone: ${ids}.`)
  }
  const limit = deps.quotas.limitOf(workspaceId, 'agents')
  const made = await deps.agents.assign(workspaceId, agentName, bundle.skills, limit)
  return {
    status: 'ok',
    bundle_id: bundle.id,
    agent_name: agentName,
    assigned: made.filter(({ isNew }) => isNew).length,
    updated: made.filter(({ isNew }) => !isNew).length,
    skills: bundle.skills.map(({ skillId, skillName, pinnedVersionId }) => ({
      skill_id: skillId,
      skill_name: skillName,
      pinned_version_id: pinnedVersionId,
    })),
  }
}

function route<Body>(
  { identity, quotas }: BundleRoutesDependencies,
  method: Method,
  path: string,
  body: z.ZodType<Body> | null,
  answer: (request: RestRequest<Body>) => Promise<object>,
): Route<Endpoint> {
  const handler = restEndpoint<Body>({
    identity,
    body,
    answer: async (request) => {
      quotas.requireFeature(principalOf(request.workspaceId, request.caller), 'bundles')
      return { body: await answer(request) }
    },
  })
  return restRoute(method, `/bundles${path}`, handler)
}

async function draftOf(
  deps: BundleRoutesDependencies,
  workspaceId: string,
  fields: Fields,
  before: BundleDraft,
): Promise<BundleDraft> {
  const { name = before.name, description = before.description } = fields
  if (fields.skills === undefined) return { name, description, skills: before.skills }
  const chosen = new Map<string, string | null>()
  for (const { skill: reference, version } of fields.skills) {
    const skill = await requireSkill(deps.skills, workspaceId, reference)
    const pin = version == null ? null : await readPin(deps, workspaceId, skill, String(version))
    chosen.set(skill.skillId, pin)
  }
  const skills = [...chosen].map(([skillId, pinnedVersionId]) => ({ skillId, pinnedVersionId }))
  return { name, description, skills }
}

async function save(
  { bundles }: BundleRoutesDependencies,
  workspaceId: string,
  id: string | null,
  draft: BundleDraft,
): Promise<Bundle> {
  const saved = await bundles.save(workspaceId, id, draft).catch((error: unknown) => {
    if (!(error instanceof GatewayError && error.code === 'conflict')) throw error
    throw new GatewayError('conflict', `A bundle ${draft.name} exists already.`, { param: 'name' })
  })
  if (saved === null) throw noSuchBundle(id ?? draft.name)
  return saved
}

async function requireBundle(
  { bundles }: BundleRoutesDependencies,
  workspaceId: string,
  reference = '',
): Promise<Bundle> {
  const bundle = await bundles.find(workspaceId, reference)
  if (bundle === null) throw noSuchBundle(reference)
  return bundle
}

function noSuchBundle(reference: string): GatewayError {
  return new GatewayError('not_found', `No bundle ${reference} was found.`, { param: 'id' })
}

function formatBundle(bundle: Bundle): object {
  return {
    id: bundle.id,
    name: bundle.name,
    description: bundle.description,
    skills: bundle.skills.map(({ skillId, skillName, pinnedVersionId }) => ({
      skill_id: skillId,
      skill_name: skillName,
      pinned_version_id: pinnedVersionId,
    })),
    created_at: new Date(bundle.createdAt).toISOString(),
    updated_at: new Date(bundle.updatedAt).toISOString(),
  }
}
