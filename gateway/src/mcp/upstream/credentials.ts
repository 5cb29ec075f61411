import { credentialHeaders } from '../../config/settings/mcp-server-body.ts'
import { aliasOf, type McpServer } from '../server.ts'

/** Lower-case names. */
export type ClientHeaders = Readonly<Record<string, string | undefined>>

/** Tokens that change while a session lasts. */
export interface TokenSource {
  token(): Promise<string>
  /** The server has refused this token, null for one that is not known: the next one is another. */
  onUnauthorized(refused: string | null): Promise<void>
}

/** What a session at a server is opened with. Two with one key are the same account there. */
export interface UpstreamIdentity {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly tokens?: TokenSource
}

/** Everything that tells one request's account. */
export async function identityHeaders({
  headers,
  tokens,
}: UpstreamIdentity): Promise<Record<string, string>> {
  return { ...headers, ...(tokens !== undefined && { authorization: `Bearer ${await tokens.token()}` }) }
}

/** The headers of a server's own, shared credential. */
export function ownHeaders({ settings: { authType, authValue } }: McpServer): Record<string, string> {
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

/**
 * What of a client's headers goes on: those the operator lets through (`extra_headers`), and those it names for this server
 * (`x-mcp-<alias>-<header>`). A credential of the gateway is never among them.
 */
export function passedHeaders(
  server: McpServer,
  sent: ClientHeaders,
): { readonly let: Record<string, string>; readonly named: Record<string, string> } {
  const letThrough: Record<string, string> = {}
  for (const name of server.settings.extraHeaders) {
    const value = sent[name]
    if (value !== undefined && !credentialHeaders.has(name)) letThrough[name] = value
  }
  const gatewayCredentials = new Set(
    [...credentialHeaders].flatMap((name) => (sent[name] === undefined ? [] : [bareCredential(sent[name])])),
  )
  const named: Record<string, string> = {}
  const prefix = `x-mcp-${aliasOf(server).toLowerCase()}-`
  for (const [name, value] of Object.entries(sent)) {
    if (value === undefined || !name.startsWith(prefix) || gatewayCredentials.has(bareCredential(value)))
      continue
    named[name.slice(prefix.length)] = value
  }
  return { let: letThrough, named }
}

function bareCredential(value: string): string {
  return value.replace(/^(?:bearer|basic)\s+/i, '')
}
