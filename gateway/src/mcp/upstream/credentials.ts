import { createHash } from 'node:crypto'
import { credentialHeaders } from '../../config/settings/mcp-server-body.ts'
import { aliasOf, type McpServer } from '../server.ts'

/** What a session at a server is opened with. Two with one key are the same account there. */
export interface UpstreamIdentity {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The headers of a server's own account. What a client sends for this server by name (`x-mcp-<alias>-<header>`) or what
 * the operator lets through (`extra_headers`) comes on top; a gateway credential is never among it.
 */
export function identityAt(
  server: McpServer,
  clientHeaders: Readonly<Record<string, string | undefined>>,
): UpstreamIdentity {
  const passed = passedHeaders(server, clientHeaders)
  const headers = { ...server.settings.staticHeaders, ...ownCredential(server), ...passed }
  if (Object.keys(passed).length === 0) return { key: 'own', headers }
  const key = createHash('sha256')
    .update(JSON.stringify(Object.entries(passed).sort()))
    .digest('hex')
  return { key, headers }
}

function ownCredential({ settings: { authType, authValue } }: McpServer): Record<string, string> {
  if (authValue === null) return {}
  switch (authType) {
    case 'api_key':
      return { 'x-api-key': authValue }
    case 'basic': {
      const encoded = authValue.includes(':') ? Buffer.from(authValue).toString('base64') : authValue
      return { authorization: `Basic ${encoded}` }
    }
    case 'authorization':
      return { authorization: authValue }
    default:
      return { authorization: `Bearer ${authValue}` }
  }
}

function passedHeaders(
  server: McpServer,
  sent: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of server.settings.extraHeaders) {
    const value = sent[name]
    if (value !== undefined && !credentialHeaders.has(name)) passed[name] = value
  }
  const gatewayCredentials = new Set(
    [...credentialHeaders].flatMap((name) => (sent[name] === undefined ? [] : [bareCredential(sent[name])])),
  )
  const prefix = `x-mcp-${aliasOf(server).toLowerCase()}-`
  for (const [name, value] of Object.entries(sent)) {
    if (value === undefined || !name.startsWith(prefix) || gatewayCredentials.has(bareCredential(value)))
      continue
    passed[name.slice(prefix.length)] = value
  }
  return passed
}

function bareCredential(value: string): string {
  return value.replace(/^(?:bearer|basic)\s+/i, '')
}
