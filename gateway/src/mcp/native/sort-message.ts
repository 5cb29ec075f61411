import { isLegacyRequest } from '@modelcontextprotocol/server'
import { legacyRevisions, modernRevision } from './revisions.ts'

const versionKey = 'io.modelcontextprotocol/protocolVersion'

/**
 * Which era a request belongs to. The packages of the protocol judge it again when they answer it, with what is wrong about it;
 * what is plain at a glance need not be judged twice.
 */
export async function sortMessage(request: Request, body: unknown): Promise<'legacy' | 'modern'> {
  const era = readEra(request, body)
  if (era !== null) return era
  return (await isLegacyRequest(request, body)) ? 'legacy' : 'modern'
}

function readEra({ headers }: Request, body: unknown): 'legacy' | 'modern' | null {
  if (typeof body !== 'object' || body === null) return null
  const { method, params } = body as { method?: unknown; params?: { _meta?: unknown } | null }
  if (typeof method !== 'string') return null
  const written = headers.get('mcp-protocol-version')
  const claimed = (params?._meta as Record<string, unknown> | null | undefined)?.[versionKey]
  if (claimed === modernRevision && written === modernRevision) return 'modern'
  const isOld = written === null || legacyRevisions.includes(written)
  return claimed === undefined && isOld && headers.get('mcp-session-id') !== null ? 'legacy' : null
}
