import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { isUuid } from '../../uuid.ts'
import {
  openRoute,
  type RegistryRoutesDependencies,
  workspaceOfVisitor,
} from '../registry/registry-context.ts'
import {
  findInstallable,
  type Installable,
  type InstallStores,
  isInstallable,
  readRendered,
} from './find-installable.ts'
import { chooseInstallName, installNamesOf } from './install-name.ts'
import { folderFormat, type RenderedFolder, renderFolder } from './render-folder.ts'

const maxItems = 100
const maxReference = 512
const bands = { clean: 'clean', flagged: 'caution', blocked: 'blocked', unscanned: 'unreviewed' } as const

const resolveBody = z.object({
  items: z.array(
    z.object({
      ref: z.string().nullish(),
      skill_id: z.string().nullish(),
      version: z.union([z.int().min(1), z.literal('latest')]).nullish(),
      version_id: z.string().nullish(),
    }),
  ),
  taken: z.record(z.string(), z.string().nullable()).nullish(),
  formats: z.array(z.int()).nullish(),
})

type Deps = InstallStores & Pick<RegistryRoutesDependencies, 'identity' | 'publicRead'>
type Item = z.output<typeof resolveBody>['items'][number]

/** What the installers of the `decimalai` package (0.26) ask: which folders skills become, and their files. */
export function installRoutes(deps: Deps): Route<Endpoint>[] {
  return ['/api/v1/install', '/api/v1/registry/install'].flatMap((root) => {
    const isPublic = root.includes('registry')
    return [
      resolveRoute(deps, `${root}/resolve`, isPublic),
      bundleRoute(deps, `${root}/bundles/{version_id}`, isPublic),
      ...(isPublic ? [looseRoute(deps)] : []),
    ]
  })
}

/** Every item has an answer of its own; one that is refused hides no other. */
function resolveRoute(deps: Deps, template: string, isPublic: boolean): Route<Endpoint> {
  const handler = controlEndpoint({
    identity: deps.identity,
    errors: 'api-v1',
    body: resolveBody,
    answer: async (request) => {
      const visitor = await workspaceOfVisitor(deps.identity, request)
      const { items, taken, formats } = request.body
      if (items.length > maxItems) {
        const message = `At most ${maxItems} items at once.`
        throw new GatewayError('validation_failed', message, {
          extras: { code: 'too_many_items', max_items: maxItems, issues: [] },
        })
      }
      const names = new Map(Object.entries(taken ?? {}))
      const answers: object[] = []
      for (const item of items)
        answers.push(
          await resolveItem(deps, isPublic ? null : visitor, item, names, formats ?? [folderFormat]),
        )
      return { body: { items: answers } }
    },
  })
  const auth = isPublic && deps.publicRead ? 'public' : 'user'
  return { method: 'POST', template, auth, aliased: false, handler }
}

async function resolveItem(
  deps: Deps,
  workspaceId: string | null,
  item: Item,
  taken: Map<string, string | null>,
  formats: readonly number[],
): Promise<object> {
  const refused = (code: string, message: string, more: object = {}): object => ({
    ...{ ok: false, ref: item.ref ?? null, error: { code, message, ...more } },
  })
  if (!formats.includes(folderFormat))
    return refused('format_unsupported', `Folders are rendered in format ${folderFormat}.`, {
      supported: [folderFormat],
    })
  const reference = item.skill_id ?? item.ref ?? ''
  if (reference === '' || reference.length > maxReference || /\p{Cc}|\p{Cs}/u.test(reference))
    return refused('bad_ref', 'A reference is a name, a slug or an id of at most 512 characters.')
  const version = readVersion(item)
  if (version === 'unknown') return refused('not_found', `There is no version ${item.version_id}.`)
  const found = await findInstallable(deps, workspaceId, { reference, version })
  if (!isInstallable(found)) return refused(found.code, found.message)
  const { skill } = found
  const names = installNamesOf(skill.name, skill.skillId)
  const installName = chooseInstallName(names, skill.skillId, taken)
  if (installName === null)
    return refused('install_name_collision', `${names.disambiguated} is taken by another skill.`)
  taken.set(installName, skill.skillId)
  const folder = renderFolder(await readRendered(deps, found), installName)
  return { ok: true, ref: item.ref ?? reference, ...describe(found, installName, folder, workspaceId) }
}

function readVersion({ version, version_id: id }: Item) {
  if (id != null) return isUuid(id) ? { versionId: id } : 'unknown'
  return typeof version === 'number' ? { versionNumber: version } : null
}

function describe(
  { skill, version, latest, relationship }: Installable,
  installName: string,
  folder: RenderedFolder,
  workspaceId: string | null,
): object {
  const names = installNamesOf(skill.name, skill.skillId)
  return {
    skill_id: skill.skillId,
    registry_name: skill.name,
    url_slug: skill.urlSlug,
    install_name: installName,
    install_name_base: names.base,
    install_name_disambiguated: names.disambiguated,
    version_id: version.versionId,
    version: version.versionNumber,
    latest: { version_id: latest.versionId, version: latest.versionNumber },
    ...describeFolder(folder),
    files: folder.files.map(({ path, sha256, mode }) => ({ path, sha256, mode })),
    relationship,
    org_id: workspaceId,
    safety: { band: bands[version.safetyStatus], withheld: false },
  }
}

const describeFolder = (folder: RenderedFolder): object => ({
  render: { format: folderFormat, hash: folder.hash, variant: 'foreign' },
  body_sha256: folder.bodySha256,
  description_sha256: folder.descriptionSha256,
  invocation: folder.invocation,
  unavailable: folder.unavailable,
  policy_notes: folder.notes,
})

/** Errors: 404 for a version nobody may see here, 410 for one that is held back now, 409 for a rendering that is gone. */
function bundleRoute(deps: Deps, template: string, isPublic: boolean): Route<Endpoint> {
  const open = { identity: deps.identity, publicRead: isPublic && deps.publicRead }
  return openRoute(open, template, async ({ params, query, workspaceId }) => {
    const versionId = params['version_id'] ?? ''
    const visitor = isPublic ? null : workspaceId
    const skillId = isUuid(versionId) ? await deps.skills.findSkillOfVersion(versionId) : null
    const found =
      skillId === null
        ? null
        : await findInstallable(deps, visitor, { reference: skillId, version: { versionId } })
    if (found === null || (!isInstallable(found) && found.code === 'not_found'))
      throw new GatewayError('not_found', `There is no version ${versionId} to install.`)
    if (!isInstallable(found))
      throw new GatewayError('gone', found.message, { extras: { reason: found.code } })
    const { skill } = found
    const installName = query.get('install_name') ?? installNamesOf(skill.name, skill.skillId).base
    return { body: await bundle(deps, found, installName, query.get('render_hash')) }
  })
}

/** `GET /registry/skills/{skill}/bundle`: a public skill under the name it has outside of any project. */
function looseRoute(deps: Deps): Route<Endpoint> {
  return openRoute(deps, '/api/v1/registry/skills/{skill+}/bundle', async ({ params, query }) => {
    const number = query.get('version')
    const version = number === null || number === 'latest' ? null : { versionNumber: Number(number) || 0 }
    const found = await findInstallable(deps, null, { reference: params['skill'] ?? '', version })
    if (!isInstallable(found)) throw new GatewayError('not_found', found.message, { param: 'skill' })
    const { skill } = found
    return { body: await bundle(deps, found, installNamesOf(skill.name, skill.skillId).base, null) }
  })
}

async function bundle(
  deps: Deps,
  found: Installable,
  installName: string,
  renderHash: string | null,
): Promise<object> {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(installName) || installName.length > 64)
    throw new GatewayError('invalid_request', 'install_name is no name of a folder.', {
      param: 'install_name',
    })
  const folder = renderFolder(await readRendered(deps, found), installName)
  if (renderHash !== null && renderHash !== folder.hash)
    throw new GatewayError('conflict', 'That rendering of the version is gone.', {
      extras: { code: 'render_gone' },
    })
  const { skill, version } = found
  return {
    skill_id: skill.skillId,
    version_id: version.versionId,
    install_name: installName,
    ...describeFolder(folder),
    files: folder.files.map((file) => ({
      ...file,
      size: Buffer.byteLength(file.content),
      encoding: 'utf-8',
    })),
  }
}
