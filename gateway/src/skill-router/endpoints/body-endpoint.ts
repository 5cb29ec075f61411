import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import { parseQuery } from '../../rest/parse-query.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { type BodySource, formatBodyRecord } from '../../skills/body-record.ts'
import type { VersionText } from '../../skills/skill-store.ts'
import type { HotCatalogues } from '../hot-catalogues.ts'
import { type HotSkill, versionFor } from '../hot-skill.ts'
import { formatServerTiming, Stopwatch } from '../stopwatch.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

const bodyQuery = z.object({
  version: z.coerce.number().pipe(z.int().min(1)).optional(),
  max_chars: z.coerce.number().pipe(z.int().min(1)).optional(),
  agent_name: z.string().max(255).optional(),
})

/** `GET /api/v1/skills/{skill}/body`: the text of a skill the agent may see, in the version that is its own. */
export function bodyEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ caller, workspaceId, params, query }) => {
      deps.admitRouteCall(workspaceId, caller)
      const wanted = parseQuery(query, bodyQuery)
      const agentName = wanted.agent_name ?? null
      const reference = params['skill'] ?? ''
      const watch = new Stopwatch()
      const skill = await findSkill(deps.catalogues, workspaceId, reference, agentName)
      watch.end('scope')
      const version = skill === null ? null : await readVersion(skill)
      watch.end('retrieve')
      if (skill === null || version === null)
        throw new GatewayError(
          'not_found',
          `There is no skill ${JSON.stringify(reference)} with such a version.`,
        )
      const body = formatBodyRecord(toSource(skill, version), wanted.max_chars ?? null)
      watch.end('render')
      return { headers: ['server-timing', formatServerTiming(watch.timings)], body }

      async function readVersion(of: HotSkill): Promise<VersionText | null> {
        const { versionId } = versionFor(of, agentName)
        const selector = wanted.version === undefined ? { versionId } : { versionNumber: wanted.version }
        const found = await deps.bodies.read(workspaceId, of.skillId, selector)
        return found === null || found.isQuarantined || found.safetyStatus === 'blocked' ? null : found
      }
    },
  })
}

/** A change made a moment ago counts; for what is not known the store is asked once more. */
async function findSkill(
  catalogues: HotCatalogues,
  workspaceId: string,
  reference: string,
  agentName: string | null,
): Promise<HotSkill | null> {
  const find = async () => {
    await catalogues.settle(workspaceId)
    const catalogue = catalogues.find(workspaceId) ?? (await catalogues.load(workspaceId))
    return catalogue.find(reference, agentName)
  }
  const known = await find()
  if (known !== null) return known
  await catalogues.refresh(workspaceId)
  return find()
}

function toSource({ skillId, name }: HotSkill, version: VersionText): BodySource {
  const attachments = version.files.map(({ path, sizeBytes }) => ({
    filePath: path,
    directory: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    sizeBytes,
  }))
  return { ...version, skillId, name, attachments }
}
