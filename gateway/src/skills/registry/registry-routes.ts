import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { parseEvalSuite } from '../benchmarks/eval-suite.ts'
import { forkSkill } from './fork-skill.ts'
import { formatDetail, formatFile } from './format-entry.ts'
import { publicTextRoutes } from './public-text.ts'
import { mergeUpstream, publishSkill, unpublishSkill } from './publish-skill.ts'
import { showActivations } from './registry-activations.ts'
import { callerRoute, openRoute, type RegistryRoutesDependencies, requireEntry } from './registry-context.ts'
import { showLeaderboard } from './registry-leaderboard.ts'
import { searchRegistry } from './search-registry.ts'
import { stopUsingSkill, useSkill } from './use-skill.ts'

const root = '/registry/skills'
const one = `${root}/{skill+}`
const ratingBody = z.object({ rating: z.int().min(1).max(5) })

/** The registry: what is public, and what workspaces do with it. */
export function registryRoutes(deps: RegistryRoutesDependencies): Route<Endpoint>[] {
  return [
    callerRoute(deps, 'POST', '/skills/{skill+}/publish', (request) => publishSkill(deps, request)),
    callerRoute(deps, 'POST', '/skills/{skill+}/unpublish', (request) => unpublishSkill(deps, request)),
    callerRoute(deps, 'POST', '/skills/{skill+}/merge-upstream', (request) => mergeUpstream(deps, request)),
    callerRoute(deps, 'POST', `${one}/fork`, (request) => forkSkill(deps, request)),
    callerRoute(deps, 'POST', `${one}/use`, (request) => useSkill(deps, request)),
    callerRoute(deps, 'DELETE', `${one}/use`, (request) => stopUsingSkill(deps, request)),
    callerRoute(deps, 'POST', `${one}/install`, async () => {
      throw new GatewayError('gone', 'Use POST …/use for a live link, or POST …/fork for a copy.')
    }),
    rateRoute(deps),
    sharingRoute(deps),
    ...readingRoutes(deps),
    ...publicTextRoutes(deps),
  ]
}

function rateRoute({ identity, registry }: RegistryRoutesDependencies): Route<Endpoint> {
  const handler = restEndpoint({
    identity,
    body: ratingBody,
    answer: async ({ params, workspaceId, body }) => {
      const entry = await requireEntry(registry, params['skill'])
      if (entry.workspaceId === workspaceId)
        throw new GatewayError('permission_denied', 'A workspace does not rate its own skills.')
      await registry.rate(workspaceId, entry.skillId, body.rating)
      return { body: { status: 'ok', skill_id: entry.skillId, rating: body.rating } }
    },
  })
  return { method: 'POST', template: `/api/v1${one}/rate`, auth: 'user', aliased: false, handler }
}

/** `PUT /registry/sharing`: whether the workspace's numbers count towards those of public skills. Off until an admin says so. */
function sharingRoute({ identity, registry }: RegistryRoutesDependencies): Route<Endpoint> {
  const handler = restEndpoint({
    identity,
    body: z.object({ enabled: z.boolean() }),
    answer: async ({ workspaceId, body }) => {
      await registry.shareEvidence(workspaceId, body.enabled)
      return { body: { status: 'ok', workspace_id: workspaceId, enabled: body.enabled } }
    },
  })
  return { method: 'PUT', template: '/api/v1/registry/sharing', auth: 'admin', aliased: false, handler }
}

function readingRoutes(deps: RegistryRoutesDependencies): Route<Endpoint>[] {
  const { registry } = deps
  const open = (path: string, answer: Parameters<typeof openRoute>[2]) =>
    openRoute(deps, `/api/v1${path}`, answer)
  return [
    open(root, async (visit) => ({ body: await searchRegistry(deps, visit) })),
    open('/registry/leaderboard', async (visit) => ({ body: await showLeaderboard(deps, visit) })),
    open(one, async ({ params, workspaceId }) => {
      const entry = await requireEntry(registry, params['skill'])
      const installed = workspaceId === null ? null : await registry.installedAs(workspaceId, [entry.skillId])
      return { body: formatDetail(entry, installed?.get(entry.skillId)) }
    }),
    open(`${one}/attachments`, async ({ params }) => {
      const { files } = await requireEntry(registry, params['skill'])
      return { body: { attachments: files.map(formatFile) } }
    }),
    open(`${one}/attachments/{path+}`, async ({ params }) => ({
      body: await showFile(deps, params['skill'], params['path'] ?? ''),
    })),
    open(`${one}/attachments/by-path/{path+}`, async ({ params }) => ({
      body: await showFile(deps, params['skill'], params['path'] ?? ''),
    })),
    open(`${one}/activations`, async ({ params, query }) => ({
      body: await showActivations(deps, params['skill'], query.get('window_days')),
    })),
    open(`${one}/eval`, async ({ params }) => {
      const { evalYaml, name } = await requireEntry(registry, params['skill'])
      if (evalYaml === null) throw new GatewayError('not_found', `The skill ${name} has no eval.yaml.`)
      return { body: { eval_yaml_text: evalYaml, case_count: parseEvalSuite(evalYaml).cases.length } }
    }),
  ]
}

/** Errors: 404 for a file the skill does not have. */
async function showFile(
  { registry }: RegistryRoutesDependencies,
  reference: string | undefined,
  path: string,
): Promise<object> {
  const entry = await requireEntry(registry, reference)
  const file = entry.files.find((known) => known.path === path)
  const content = file === undefined ? null : await registry.readFile(entry.skillId, path)
  if (file === undefined || content === null)
    throw new GatewayError('not_found', `The skill ${entry.name} has no file ${path}.`)
  const bytes = Buffer.from(content)
  const text = file.isText
    ? { content_text: bytes.toString('utf8') }
    : { content_base64: bytes.toString('base64') }
  return { ...formatFile(file), ...text }
}
