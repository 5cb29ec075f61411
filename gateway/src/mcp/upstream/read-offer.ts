import { type Description, readDefinition } from '../catalogue/definition.ts'
import type { ServerOffer } from '../catalogue/server-state.ts'
import type { DefinitionKind } from '../registry/server-store.ts'
import { UpstreamFailure } from './upstream-failure.ts'
import type { McpResult, UpstreamSession } from './upstream-session.ts'

const maxPages = 64
const maxItems = 2_000
/** No list is said to stay as it is for longer. */
export const maxFreshMs = 60_000

/** Asks a server for everything it offers. Errors: rejects when its tools cannot be listed. */
export async function readOffer(
  session: UpstreamSession,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ServerOffer> {
  const { capabilities } = session
  const freshMs: Record<string, number> = {}
  const list = async (method: string, member: string, capability: string): Promise<Description[]> => {
    freshMs[method] = maxFreshMs
    if (capabilities[capability] === undefined) return []
    return listAll(session, method, member, { timeoutMs, signal }, (page) => {
      freshMs[method] = Math.min(freshMs[method] ?? 0, freshnessOf(page, session))
    })
  }
  const tools = await list('tools/list', 'tools', 'tools')
  const [prompts, resources, templates] = await Promise.all([
    list('prompts/list', 'prompts', 'prompts').catch(ofLess),
    list('resources/list', 'resources', 'resources').catch(ofLess),
    list('resources/templates/list', 'resourceTemplates', 'resources').catch(ofLess),
  ])
  return {
    tools: definitions('tool', tools, 'name'),
    prompts: definitions('prompt', prompts, 'name'),
    templates: definitions('template', templates, 'uriTemplate'),
    resources: resources.filter((resource) => typeof resource['uri'] === 'string'),
    capabilities,
    instructions: session.instructions,
    freshMs,
    era: session.era,
    protocolVersion: session.protocolVersion,
  }
}

/** Older revisions know no hints for caches. */
function freshnessOf({ ttlMs }: McpResult, { era }: UpstreamSession): number {
  return era === 'modern' && typeof ttlMs === 'number' && ttlMs > 0 ? ttlMs : 0
}

/** A server that says it has prompts and cannot list them still has tools. */
function ofLess(error: unknown): Description[] {
  if (error instanceof Error && 'code' in error && (error as { code: unknown }).code === -32_601) return []
  throw error
}

async function listAll(
  session: UpstreamSession,
  method: string,
  member: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  onPage: (page: McpResult) => void,
): Promise<Description[]> {
  const items: Description[] = []
  let cursor: unknown
  for (let page = 0; page < maxPages; page += 1) {
    const result = await session.request(method, cursor === undefined ? {} : { cursor }, options)
    onPage(result)
    const found = result[member]
    if (!Array.isArray(found))
      throw new UpstreamFailure('malformed', `The answer to ${method} has no ${member}.`)
    items.push(...found.filter((item) => typeof item === 'object' && item !== null))
    cursor = result['nextCursor']
    if (typeof cursor !== 'string' || items.length >= maxItems) return items.slice(0, maxItems)
  }
  return items
}

/** Of two with one name the first counts. */
function definitions(kind: DefinitionKind, items: readonly Description[], member: string) {
  const byName = new Map<string, Description>()
  for (const item of items) {
    const name = item[member]
    if (typeof name === 'string' && name !== '' && !byName.has(name)) byName.set(name, item)
  }
  return [...byName].map(([name, item]) => readDefinition(kind, name, item))
}
