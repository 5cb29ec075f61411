import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import { parseQuery } from '../../rest/parse-query.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import type { HotMenu } from '../hot-menu.ts'
import { type HotSkill, versionFor } from '../hot-skill.ts'
import type { SkillBodies } from '../skill-bodies.ts'
import { formatServerTiming } from '../stopwatch.ts'
import { isUnchanged } from './entity-tag.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

const maxBodies = 1_000
const snapshotQuery = z.object({
  agent_name: z.string().max(255).optional(),
  bodies: z.enum(['none', 'all']).default('none'),
})

/** `GET /api/v1/skills/snapshot`: all an agent may use, for caches that route when the gateway is out of reach. */
export function snapshotEndpoint(deps: SkillRouterRoutesDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ exchange, caller, workspaceId, query }) => {
      deps.admitRouteCall(workspaceId, caller)
      const wanted = parseQuery(query, snapshotQuery)
      const { menu, catalogueDigest, degradedReason, timings } = await deps.router.findMenu(
        workspaceId,
        wanted.agent_name ?? null,
        null,
      )
      const etag = `"${menu.digest}-${wanted.bodies}"`
      const timing = ['server-timing', formatServerTiming(timings)]
      const headers = ['etag', etag, 'cache-control', 'private, no-cache', ...timing]
      if (degradedReason === null && isUnchanged(exchange.header('if-none-match'), etag))
        return { status: 304, headers, body: Buffer.alloc(0) }
      const texts = wanted.bodies === 'all' ? await readBodies(workspaceId, menu, deps.bodies) : null
      const rows = menu.entries.map((skill) => describe(skill, menu.agent, texts))
      const members = JSON.stringify({
        catalogue_digest: catalogueDigest,
        ...(degradedReason === null ? {} : { degraded_reason: degradedReason }),
        skills: rows,
      })
      const stable = menu.stableJson.format(menu.stable)
      const parts = [Buffer.from(`${members.slice(0, -1)},`), Buffer.from(`${stable}}`, 'latin1')]
      return { headers, body: Buffer.concat(parts) }
    },
  })
}

async function readBodies(
  workspaceId: string,
  { entries, agent }: HotMenu,
  bodies: SkillBodies,
): Promise<ReadonlyMap<string, string>> {
  if (entries.length > maxBodies) {
    const message = `bodies=all is for at most ${maxBodies} skills, and these are ${entries.length}; read bodies one by one.`
    throw new GatewayError('invalid_request', message, { param: 'bodies' })
  }
  const texts = new Map<string, string>()
  for (const skill of entries) {
    const { versionId } = versionFor(skill, agent)
    const version = await bodies.read(workspaceId, skill.skillId, { versionId })
    if (version !== null) texts.set(skill.skillId, version.body)
  }
  return texts
}

function describe(skill: HotSkill, agent: string | null, texts: ReadonlyMap<string, string> | null): object {
  const { versionId, versionNumber, contentHash } = versionFor(skill, agent)
  return {
    name: skill.name,
    skill_id: skill.skillId,
    version_id: versionId,
    version: versionNumber,
    content_hash: contentHash,
    description: skill.fullDescription,
    category: skill.category,
    tags: skill.tags,
    trigger_phrases: skill.triggerPhrases,
    ...(texts === null ? {} : { body: texts.get(skill.skillId) ?? null }),
  }
}
