import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { isUuid } from '../../uuid.ts'
import { diffManifests } from '../manifests/diff-manifests.ts'
import type { Manifest } from '../manifests/manifest.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { invalidBody } from './invalid-body.ts'
import { notFound, readNumber, readText } from './read-query.ts'

/** `/api/v1/manifests`: what agents are made of. Clients register one before every trace. */
export function manifestRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('POST', '/manifests', register(deps)),
    restRoute('GET', '/manifests', list(deps)),
    restRoute('GET', '/manifests/{id}', show(deps)),
    restRoute('GET', '/manifests/{id}/diff', diff(deps)),
  ]
}

const text = (most: number) => z.string().max(most)

const componentSchema = z.object({
  component_type: text(100).min(1),
  component_name: text(255).min(1),
  component_version: text(255).nullish(),
  content_hash: text(255).nullish(),
  schema_json: z.unknown().optional(),
})

const manifestSchema = z.object({
  id: z.string().nullish(),
  agent_name: text(255)
    .trim()
    .min(1)
    .refine((name) => !name.includes('\0'), 'holds a NUL character'),
  version_label: text(100).nullish(),
  manifest_hash: text(255).nullish(),
  detection_source: text(100).nullish(),
  components: z.array(componentSchema).max(10_000).nullish(),
  agent_models_json: z.record(z.string(), z.unknown()).nullish(),
  graph_topology_hash: text(255).nullish(),
  component_summary_json: z.record(z.string(), z.unknown()).nullish(),
  is_closed_world: z.boolean().nullish(),
})

function register(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: manifestSchema,
    answer: async ({ workspaceId, body }) => {
      const { id, agent_name, version_label, manifest_hash, detection_source, components, ...details } = body
      if (id != null && !isUuid(id)) throw invalidBody('id', 'is not a UUID')
      const { manifest, isNew } = await deps.store.registerManifest(workspaceId, {
        id: id?.toLowerCase() ?? deps.newId(),
        agentName: agent_name,
        versionLabel: version_label || null,
        manifestHash: manifest_hash || digest(components ?? []),
        detectionSource: detection_source ?? null,
        components: components ?? [],
        details,
        createdAt: deps.now(),
      })
      return {
        body: {
          status: 'ok',
          manifest_id: manifest.id,
          manifest_hash: manifest.manifestHash,
          version_label: manifest.versionLabel,
          is_new: isNew,
          components: manifest.components.length,
        },
      }
    },
  })
}

function digest(components: readonly object[]): string {
  return createHash('sha256').update(JSON.stringify(components)).digest('hex')
}

function list(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const limit = readNumber(query, 'limit', { fallback: 20, most: 500 })
      const offset = readNumber(query, 'offset', { fallback: 0, least: 0, most: 1_000_000 })
      const agentName = readText(query, 'agent_name')
      const page = await deps.store.listManifests(workspaceId, { agentName, limit, offset })
      return { body: { manifests: page.manifests.map(formatManifest), total: page.total, limit, offset } }
    },
  })
}

function show(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const manifest = await requireManifest(deps, workspaceId, params['id'])
      return { body: { ...formatManifest(manifest), ...manifest.details, components: manifest.components } }
    },
  })
}

/** Against the manifest that was active before, or another one: `?against=`. */
function diff(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, query, workspaceId }) => {
      const after = await requireManifest(deps, workspaceId, params['id'])
      const against = readText(query, 'against') ?? after.parentId
      if (against === null) {
        return {
          body: { diff: null, message: 'This is the first manifest of its agent: there is none before it.' },
        }
      }
      if (against === after.id) return { body: { diff: null, verdict: 'self_comparison' } }
      return { body: { diff: formatDiff(await requireManifest(deps, workspaceId, against), after) } }
    },
  })
}

async function requireManifest(
  { store }: EvidenceDependencies,
  workspaceId: string,
  id: string | undefined,
): Promise<Manifest> {
  const manifest = id !== undefined && isUuid(id) ? await store.findManifest(workspaceId, id) : null
  if (manifest === null) throw notFound(`There is no manifest ${JSON.stringify((id ?? '').slice(0, 64))}.`)
  return manifest
}

function formatManifest(manifest: Manifest): object {
  return {
    id: manifest.id,
    agent_name: manifest.agentName,
    manifest_hash: manifest.manifestHash,
    version_label: manifest.versionLabel,
    status: manifest.status,
    parent_manifest_id: manifest.parentId,
    detection_source: manifest.detectionSource,
    components_count: manifest.components.length,
    created_at: new Date(manifest.createdAt).toISOString(),
  }
}

function formatDiff(before: Manifest, after: Manifest): object {
  const { added, removed, changed } = diffManifests(before, after)
  const surface = (
    change: string,
    { component_type, component_name }: { component_type: string; component_name: string },
  ) => ({
    surface: component_type,
    name: component_name,
    change,
  })
  return {
    old_manifest_id: before.id,
    new_manifest_id: after.id,
    added,
    removed,
    changed,
    changed_surfaces: [
      ...added.map((component) => surface('added', component)),
      ...removed.map((component) => surface('removed', component)),
      ...changed.map(({ after: component }) => surface('changed', component)),
    ],
    summary: { added: added.length, removed: removed.length, changed: changed.length },
  }
}
