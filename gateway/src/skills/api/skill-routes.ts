import type { ZodType } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import { type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { validateRoute } from '../upload/validate-route.ts'
import { attachmentBody, attachmentsBody, toNewFile } from './attachment-body.ts'
import { addAttachments, listAttachments, removeAttachment, showAttachment } from './attachments.ts'
import { createBody, createSkill } from './create-skill.ts'
import { listSkills } from './list-skills.ts'
import { showHashes, showSkill, showVersion, showVersions } from './read-skill.ts'
import { scanExceptionRoute } from './scan-exception-route.ts'
import { noSuchSkill, requireOwnSkill, type SkillRoutesDependencies } from './skill-context.ts'
import { syncRoutes } from './sync-routes.ts'
import { updateBody, updateSkill } from './update-skill.ts'

/** Skills, versions, attachments and sync of `/api/v1`. */
export function skillRoutes(deps: SkillRoutesDependencies): Route<Endpoint>[] {
  const { store } = deps
  const get = routeOf(deps, 'GET')
  const remove = routeOf(deps, 'DELETE')
  return [
    get('', ({ workspaceId, query }) => listSkills(store, workspaceId, query)),
    writing(deps, 'POST', '', createBody, ({ workspaceId, body, caller }) =>
      createSkill(deps, workspaceId, body, caller),
    ),
    get('/hashes', ({ workspaceId }) => showHashes(store, workspaceId)),
    ...syncRoutes(deps),
    scanExceptionRoute(deps),
    validateRoute(deps.identity, deps.settings),
    get('/{skill+}', ({ workspaceId, params }) => showSkill(store, workspaceId, nameIn(params))),
    writing(deps, 'PUT', '/{skill+}', updateBody, ({ workspaceId, params, body, caller }) =>
      updateSkill(deps, workspaceId, nameIn(params), body, caller),
    ),
    remove('/{skill+}', async ({ workspaceId, params }) => {
      const { skillId, name } = await requireOwnSkill(store, workspaceId, nameIn(params))
      if (!(await store.delete(workspaceId, skillId))) throw noSuchSkill(name)
      return { status: 'ok', deleted: true }
    }),
    get('/{skill+}/versions', ({ workspaceId, params }) => showVersions(store, workspaceId, nameIn(params))),
    get('/{skill+}/versions/{n}', ({ workspaceId, params }) =>
      showVersion(store, workspaceId, nameIn(params), params['n'] ?? ''),
    ),
    ...attachmentRoutes(deps),
  ]
}

function attachmentRoutes(deps: SkillRoutesDependencies): Route<Endpoint>[] {
  const { store } = deps
  const get = routeOf(deps, 'GET')
  const remove = routeOf(deps, 'DELETE')
  const root = '/{skill+}/attachments'
  return [
    get(root, ({ workspaceId, params, query }) =>
      listAttachments(store, workspaceId, nameIn(params), query.get('directory')),
    ),
    writing(deps, 'POST', root, attachmentBody, async ({ workspaceId, params, body, caller }) => {
      const [added] = await addAttachments(deps, workspaceId, nameIn(params), [toNewFile(body)], caller)
      return { id: added?.id, file_path: added?.file.path, size_bytes: added?.file.content.byteLength }
    }),
    writing(deps, 'POST', `${root}/bulk`, attachmentsBody, async ({ workspaceId, params, body, caller }) => {
      const added = await addAttachments(deps, workspaceId, nameIn(params), body.files.map(toNewFile), caller)
      return { created: added.length, ids: added.map(({ id }) => id) }
    }),
    get(`${root}/by-path/{path+}`, ({ workspaceId, params }) =>
      showAttachment(store, workspaceId, nameIn(params), { path: params['path'] ?? '' }),
    ),
    get(`${root}/{att}`, ({ workspaceId, params }) =>
      showAttachment(store, workspaceId, nameIn(params), { id: params['att'] ?? '' }),
    ),
    remove(`${root}/{att}`, ({ workspaceId, params, caller }) =>
      removeAttachment(deps, workspaceId, nameIn(params), params['att'] ?? '', caller),
    ),
  ]
}

const nameIn = (params: Readonly<Record<string, string>>): string => params['skill'] ?? ''

type Answer<Body> = (request: RestRequest<Body>) => Promise<object>

const routeOf =
  (deps: SkillRoutesDependencies, method: 'GET' | 'DELETE') =>
  (path: string, answer: Answer<undefined>): Route<Endpoint> =>
    routeAt(deps, method, path, null, answer)

/** A route with a body. */
function writing<Body>(
  deps: SkillRoutesDependencies,
  method: 'POST' | 'PUT',
  path: string,
  schema: ZodType<Body>,
  answer: Answer<Body>,
): Route<Endpoint> {
  return routeAt(deps, method, path, schema, answer)
}

function routeAt<Body>(
  { identity }: SkillRoutesDependencies,
  method: Method,
  path: string,
  body: ZodType<Body> | null,
  answer: Answer<Body>,
): Route<Endpoint> {
  const handler = restEndpoint<Body>({
    identity,
    body,
    answer: async (request) => ({ body: await answer(request) }),
  })
  return restRoute(method, `/skills${path}`, handler)
}
