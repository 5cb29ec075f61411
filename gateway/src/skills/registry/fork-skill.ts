import { GatewayError } from '@routeiq/contract'
import type { RestRequest } from '../../rest/rest-endpoint.ts'
import { authorOf, creatorOf } from '../api/skill-context.ts'
import { composeSkillMd, editFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'
import { directoryOf, refuseSkillName } from '../validate/skill-name.ts'
import type { SkillText } from '../write/compose-version.ts'
import type { NewSkill } from '../write/skill-writer.ts'
import { type RegistryRoutesDependencies, requireEntry } from './registry-context.ts'
import type { RegistryDetail } from './registry-store.ts'

type Deps = Pick<RegistryRoutesDependencies, 'registry' | 'writer'>
type Request = Pick<RestRequest<undefined>, 'workspaceId' | 'params' | 'query' | 'caller'>

/** `POST /registry/skills/{skill}/fork`: a copy the workspace may edit. Errors: 409 when it has one, or has the name. */
export async function forkSkill(
  deps: Deps,
  { workspaceId, params, query, caller }: Request,
): Promise<object> {
  const upstream = await requireEntry(deps.registry, params['skill'])
  const name = query.get('new_name') || upstream.name
  const refusal = refuseSkillName(name)
  if (refusal !== null) throw new GatewayError('invalid_request', refusal, { param: 'new_name' })
  await deps.registry.beginFork(workspaceId, upstream)
  let copyId: string | null = null
  try {
    const offerScope = query.get('offer_scope') === 'restricted' ? 'restricted' : 'workspace'
    const draft = await draftCopy(deps, upstream, name)
    const metadata = { ...draft.metadata, offerScope } as const
    const written = await deps.writer.create(workspaceId, {
      ...draft,
      metadata,
      createdBy: creatorOf(caller),
      author: authorOf(caller, null),
    })
    copyId = written.skillId
  } finally {
    await deps.registry.finishFork(workspaceId, upstream.skillId, copyId)
  }
  return {
    status: 'ok',
    skill: { id: copyId, name },
    forked_from_skill_id: upstream.skillId,
    forked_at_version_id: upstream.versionId,
  }
}

async function draftCopy(
  { registry }: Pick<Deps, 'registry'>,
  upstream: RegistryDetail,
  name: string,
): Promise<Omit<NewSkill, 'author' | 'createdBy'>> {
  const contents = await Promise.all(
    upstream.files.map(({ path }) => registry.readFile(upstream.skillId, path)),
  )
  return {
    name,
    description: upstream.description,
    text: renameText(upstream, directoryOf(name)),
    files: upstream.files.map((file, index) => ({ ...file, content: contents[index] ?? new Uint8Array() })),
    metadata: { displayName: upstream.displayName, category: upstream.category, tags: upstream.tags },
    ...(upstream.evalYaml === null ? {} : { evalYaml: upstream.evalYaml }),
    source: 'fork',
    changeSummary: `Copy of ${upstream.name}, version ${upstream.versionNumber}`,
  }
}

/** The same text under another name; an unchanged one keeps its bytes, and with them its digest. */
function renameText({ skillMd, body, description, name: original }: RegistryDetail, name: string): SkillText {
  const { frontmatter, bodyStart, bodyEnd } = splitSkillMd(skillMd)
  if (name === directoryOf(original)) return { skillMd, bodyStart, bodyEnd }
  if (frontmatter === null) return composeSkillMd({ name, description }, body)
  const head = `---\n${editFrontmatter(frontmatter, { name })}---\n\n`
  return { skillMd: `${head}${body}\n`, bodyStart: head.length, bodyEnd: head.length + body.length }
}
