import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Credential } from '../accounts/credential.ts'
import { holderOf } from '../oauth/oauth-endpoint.ts'
import type { McpServer } from '../server.ts'
import { type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { requireVisible } from './server-routes.ts'

const template = '/v1/mcp/server/{server_id}/user-credential'
const secret = z
  .string()
  .min(1)
  .max(16_384)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
const credentialBody = z.object({ credential: secret }).or(
  z.object({
    headers: z.record(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/), secret),
  }),
)

/** The caller's own account at a tool server. Nobody reads a secret back, and nobody sees that of others. */
export function userCredentialRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'POST', template, auth: 'user', body: credentialBody },
      answer: async ({ gateway, caller, params, body, exchange }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        const { owner, keyHash } = holderOf(caller)
        const { serverId, url } = server.settings
        const credential: Credential = {
          kind: 'entered',
          signedInAt: exchange.receivedAt,
          origin: url === null ? '' : new URL(url).origin,
          headers: 'headers' in body ? lowerCase(body.headers) : headersOf(server, body.credential),
        }
        await gateway.oauth.vault.put(owner, serverId, credential)
        gateway.audit('mcp.credential.set', exchange, keyHash, serverId)
        return { body: { status: 'stored', server_id: serverId, has_user_credential: true } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template, auth: 'user' },
      answer: async ({ gateway, caller, params }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        const { serverId } = server.settings
        const { owner } = holderOf(caller)
        gateway.oauth.vault.forget(owner, serverId)
        const account = await gateway.oauth.vault.find(owner, serverId)
        const tokens = account?.credential.kind === 'oauth' ? account.credential.tokens : null
        const expiresAt = tokens?.expiresAt ?? null
        return {
          body: {
            server_id: serverId,
            has_user_credential: account !== null,
            status: account?.status ?? 'auth_required',
            type: account === null ? null : account.credential.kind === 'oauth' ? 'oauth2' : 'entered',
            scopes: tokens?.scope?.split(' ') ?? [],
            expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
          },
        }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'DELETE', template, auth: 'user' },
      answer: async ({ gateway, caller, params, exchange }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        const { owner, keyHash } = holderOf(caller)
        const { serverId } = server.settings
        if (!(await gateway.oauth.vault.remove(owner, serverId)))
          throw new GatewayError('not_found', `You have no account at ${serverId}.`)
        gateway.oauth.tokens.forget()
        gateway.audit('mcp.credential.delete', exchange, keyHash, serverId)
        return { body: { status: 'deleted', server_id: serverId, has_user_credential: false } }
      },
    }),
  ]
}

/** One value goes where the server's type says. */
function headersOf(server: McpServer, value: string): Record<string, string> {
  const { authType } = server.settings
  if (authType === 'api_key') return { 'x-api-key': value }
  if (authType === 'authorization') return { authorization: value }
  if (authType === 'basic') {
    const encoded = value.includes(':') ? Buffer.from(value).toString('base64') : value
    return { authorization: `Basic ${encoded}` }
  }
  return { authorization: `Bearer ${value}` }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
