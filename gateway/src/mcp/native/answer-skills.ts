import type { ListedSkill } from '../../skills/mcp/listed-skill.ts'
import type { SkillResources } from '../../skills/mcp/skill-resources.ts'
import type { Downstream } from '../call/downstream.ts'
import { invalidParams, methodNotFound, RpcError } from '../call/rpc-error.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import { type Cursors, unknownCursor } from './cursor.ts'

/** The skills of one caller's workspace. */
export interface CallerSkills {
  readonly resources: SkillResources
  readonly workspaceId: string
  /** Whom reading counts for in the evidence. */
  readonly agentName: string
}

/** What the extension adds to the methods of the protocol. */
export const skillMethods: ReadonlySet<string> = new Set([
  ...['skills/list', 'skills/get', 'resources/directory/read'],
])

export const skillsName = 'io.modelcontextprotocol/skills'

export const skillsExtension = { [skillsName]: { directoryRead: true } }

export const skillScheme = 'skill://'

export const skillTemplate = {
  uriTemplate: `${skillScheme}{+path}`,
  name: 'skills',
  description: 'The files of the skills that skills/list names',
}

const routingIdKey = 'routeiq/routingId'
const freshness = { ttlMs: 60_000, cacheScope: 'private' } as const

type Params = Readonly<Record<string, unknown>>

/** Answers a method of the extension. Errors: rejects with an `RpcError`. */
export function answerSkills(
  skills: CallerSkills,
  cursors: Cursors,
  downstream: Downstream,
  method: string,
  params: Params,
): Promise<McpResult> {
  switch (method) {
    case 'skills/list':
      return listSkills(skills, cursors, downstream, params)
    case 'skills/get':
      return getSkill(skills, downstream, params)
    case 'resources/directory/read':
      return readDirectory(skills, downstream, params)
    default:
      throw new RpcError(methodNotFound, 'Method not found')
  }
}

/** One page of the skills as resources: each by its `SKILL.md`. `after` is where the page before ended, empty at the start. */
export async function listSkillResources(
  { resources, workspaceId }: CallerSkills,
  after: string,
): Promise<{ readonly resources: readonly object[]; readonly next: string | null }> {
  const page = await resources.list(workspaceId, after === '' ? null : after)
  if (page === null) throw unknownCursor()
  return { resources: page.skills.map(describeManifest), next: page.nextCursor }
}

/** A file of a skill; null when the skills have none at this address. */
export async function readSkillFile(
  { resources, workspaceId, agentName }: CallerSkills,
  downstream: Downstream,
  uri: string,
): Promise<McpResult | null> {
  const routingId = downstream.meta[routingIdKey]
  const reader = { agentName, routingId: typeof routingId === 'string' ? routingId : null }
  const contents = await resources.read(workspaceId, uri, reader)
  return contents === null ? null : { contents: [contents], ...freshnessFor(downstream) }
}

async function listSkills(
  { resources, workspaceId }: CallerSkills,
  cursors: Cursors,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  // The place names the catalogue itself, and is of no use once that has changed.
  const scope = { principal: downstream.principal, method: 'skills/list', version: workspaceId }
  const place = cursors.open(params['cursor'], scope)
  const page = await resources.list(workspaceId, place === null ? null : String(place))
  if (page === null) throw unknownCursor()
  const { skills, nextCursor } = page
  return {
    skills,
    ...(nextCursor !== null && { nextCursor: cursors.seal(nextCursor, scope) }),
    ...freshnessFor(downstream),
  }
}

async function getSkill(
  { resources, workspaceId }: CallerSkills,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const uri = requireUri(params)
  const skill = await resources.get(workspaceId, uri)
  if (skill === null) throw new RpcError(invalidParams, `No skill is served at ${uri}`, { uri })
  return { skill, ...freshnessFor(downstream) }
}

/** A skill has so few files that a directory is always one page. */
async function readDirectory(
  { resources, workspaceId }: CallerSkills,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const uri = requireUri(params)
  if (params['cursor'] !== undefined) throw unknownCursor()
  const entries = await resources.readDirectory(workspaceId, uri)
  if (entries === null) throw new RpcError(invalidParams, `${uri} is not a directory resource`, { uri })
  return { resources: entries, ...freshnessFor(downstream) }
}

function requireUri({ uri }: Params): string {
  if (typeof uri === 'string') return uri
  throw new RpcError(invalidParams, 'params.uri must be a URI.')
}

/** Older revisions know no hints for caches. */
const freshnessFor = ({ era }: Downstream): object => (era === 'modern' ? freshness : {})

function describeManifest({ uri, frontmatter, resources }: ListedSkill): object {
  const size = resources.find((resource) => resource.uri === uri)?.size
  const { name, description } = frontmatter
  return { uri, name, description, mimeType: 'text/markdown', ...(size !== undefined && { size }) }
}
