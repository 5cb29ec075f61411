import { createHash, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { readBody } from '../../http/read-body.ts'
import type { Route } from '../../http/router.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import { isSignedInTo } from '../accounts/accounts.ts'
import { requirePrincipal } from '../native/native-routes.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from '../rest/mcp-endpoint.ts'
import { noPrograms, readServerBody } from '../rest/register-server.ts'
import { requireVisible } from '../rest/server-routes.ts'
import { aliasOf } from '../server.ts'
import { clientMetadata } from './client-metadata.ts'
import { isSecretOf, registrationBody } from './gateway-clients.ts'
import type { IssuedTokens } from './gateway-tokens.ts'
import {
  holderOf,
  OAuthRefusal,
  type OAuthRequest,
  oauthRoute,
  readForm,
  requireOAuth,
  requireSignIn,
} from './oauth-endpoint.ts'
import { type CodeHolder, callbackPath, clientDocumentPath } from './sign-ins.ts'

const root = '/v1/mcp/server/oauth'
const metadataRoot = '/.well-known/oauth-authorization-server'
const maxRegistrationBytes = 16_384
const maxProblemLength = 1_000

/** Signing in to tool servers, as clients of OAuth 2.1 speak it, and a session for those who only bring a browser. */
export function oauthRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'POST', template: `${root}/session`, auth: 'user', body: anyObject },
      answer: async ({ gateway, caller, body, publicBase: base }) => {
        requireOAuth(deps.mcp.config().mcp)
        const isInline = body['url'] !== undefined
        if (isInline && !caller.isAdmin)
          throw new GatewayError('permission_denied', 'Only admins may try a server that is not registered.')
        const settings = isInline ? readServerBody(body, gateway, null, noPrograms) : null
        const serverId = settings?.serverId ?? String(body['server_id'] ?? '')
        const server =
          settings === null
            ? requireVisible(gateway, caller, serverId)
            : gateway.oauth.signIns.requireServer({ serverId, settings })
        if (!isSignedInTo(server))
          throw new GatewayError(
            'invalid_request',
            'Nobody signs in to this server: its auth_type is not oauth2.',
          )
        const request = {
          ...holderOf(caller),
          ...{
            serverId,
            settings,
            clientId: null,
            redirectUri: null,
            codeChallenge: null,
            state: null,
            issuer: null,
          },
          resource: `${base}/mcp/${aliasOf(server)}`,
          scope: null,
        }
        const { id, url } = await gateway.oauth.signIns.open(request, base)
        const { client_secret: _, auth_value: __, credentials: ___, static_headers: ____, ...echo } = body
        return { body: { ...echo, session_id: id, server_id: serverId, authorize_url: url, expires_in: 300 } }
      },
    }),
    oauthRoute(deps, 'POST', `${root}/{server_id}/register`, async ({ exchange, params, gateway }) => {
      requireSignIn(gateway, params['server_id'])
      const body = await readRegistration(exchange)
      exchange.sendJson(201, gateway.oauth.clients.register(body), ['cache-control', 'no-store'])
    }),
    oauthRoute(deps, 'POST', `${root}/{server_id}/token`, async (request) => {
      const { exchange, params, gateway } = request
      const server = requireSignIn(gateway, params['server_id'])
      const form = await readForm(exchange)
      const { serverId } = server.settings
      const answering =
        form.get('grant_type') === 'refresh_token'
          ? rotate(request, form, serverId)
          : exchangeCode(deps, request, form, serverId)
      sendTokens(exchange, await answering)
    }),
    oauthRoute(deps, 'GET', `${metadataRoot}/{selector}`, ({ exchange, params, gateway, base }) => {
      const name = params['selector'] ?? ''
      const { oauth } = requireSignIn(gateway, name).settings
      // The name stays as the client wrote it: it belongs to what the client calls the issuer.
      const path = `${base}${root}/${name}`
      exchange.sendJson(200, {
        issuer: `${base}/${name}`,
        authorization_endpoint: `${path}/authorize`,
        token_endpoint: `${path}/token`,
        registration_endpoint: `${path}/register`,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        ...(oauth.scopes.length > 0 && { scopes_supported: oauth.scopes }),
      })
    }),
    oauthRoute(deps, 'GET', clientDocumentPath, ({ exchange, base }) => {
      const client = { client_id: base + clientDocumentPath, client_uri: base }
      exchange.sendJson(200, { ...client, ...clientMetadata(base + callbackPath) })
    }),
  ]
}

/** Errors: 400 `token_exchange_failed`, in the words of RFC 6749. */
async function exchangeCode(
  { identity }: McpRoutesDependencies,
  { exchange, gateway }: OAuthRequest,
  form: URLSearchParams,
  serverId: string,
): Promise<IssuedTokens> {
  if (form.get('grant_type') !== 'authorization_code') throw oauthError('unsupported_grant_type')
  const holder = await gateway.oauth.signIns.takeCode(form.get('code') ?? '')
  if (holder === null || holder.serverId !== serverId) throw oauthError('invalid_grant')
  if (holder.clientId === null) {
    // A sign-in without a client has no verifier: its code is worth something together with the key alone.
    const caller = requirePrincipal(await authenticate(identity, exchange, 'user'))
    if (caller.keyHash !== holder.keyHash) throw oauthError('invalid_grant')
  } else await requireClient(gateway, exchange, form, holder)
  const { owner, keyHash, resource, scope, clientId } = holder
  gateway.audit('mcp.oauth.token', exchange, keyHash, serverId)
  return gateway.oauth.tokens.issue({ owner, keyHash, serverId, client: clientId ?? '', resource, scope })
}

async function rotate(
  { exchange, gateway }: OAuthRequest,
  form: URLSearchParams,
  serverId: string,
): Promise<IssuedTokens> {
  const { clientId, secret } = readClient(exchange, form)
  const client = clientId === '' ? null : await gateway.oauth.clients.find(clientId)
  if (client !== null && !isSecretOf(client, secret)) throw oauthError('invalid_client')
  const tokens = await gateway.oauth.tokens.rotate(form.get('refresh_token') ?? '', {
    serverId,
    client: clientId,
  })
  if (tokens === null) throw oauthError('invalid_grant')
  return tokens
}

/** The client that asked, at the address it asked for, with the secret it began with (RFC 7636). */
async function requireClient(
  { oauth: { clients } }: OAuthRequest['gateway'],
  exchange: Exchange,
  form: URLSearchParams,
  holder: CodeHolder,
): Promise<void> {
  const { clientId, secret } = readClient(exchange, form)
  const isSame = clientId === holder.clientId && form.get('redirect_uri') === holder.redirectUri
  const resource = form.get('resource')
  if (!isSame) throw oauthError('invalid_grant')
  if (resource !== null && resource !== holder.resource) throw oauthError('invalid_target')
  if (!isSecretOf(await clients.find(clientId), secret)) throw oauthError('invalid_client')
  const verifier = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  if (!isEqual(verifier, holder.codeChallenge ?? '')) throw oauthError('invalid_grant')
}

/** From the form, else as RFC 6749 §2.3.1 puts them into `Authorization`. */
function readClient(exchange: Exchange, form: URLSearchParams) {
  const basic = /^basic\s+(.+)$/i.exec(exchange.header('authorization') ?? '')?.[1]
  const [id = '', secret = ''] = Buffer.from(basic ?? '', 'base64')
    .toString('utf8')
    .split(':')
  const isForm = form.has('client_id')
  return {
    clientId: isForm ? (form.get('client_id') ?? '') : decode(id),
    secret: form.get('client_secret') ?? (secret === '' ? null : decode(secret)),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function readRegistration(exchange: Exchange): Promise<z.infer<typeof registrationBody>> {
  const bytes = await readBody(exchange.request, maxRegistrationBytes)
  try {
    return registrationBody.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : 'The body is not valid JSON.'
    throw new OAuthRefusal('invalid_client_metadata', problem.slice(0, maxProblemLength))
  }
}

function sendTokens(exchange: Exchange, tokens: IssuedTokens): void {
  const { accessToken, refreshToken, expiresInSeconds, scope } = tokens
  exchange.sendJson(
    200,
    {
      ...{ access_token: accessToken, token_type: 'Bearer', expires_in: expiresInSeconds },
      ...{ refresh_token: refreshToken, ...(scope !== null && { scope }) },
    },
    ['cache-control', 'no-store'],
  )
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function oauthError(word: string): OAuthRefusal {
  return new OAuthRefusal(word, `The tokens cannot be issued: ${word}. Sign in again.`)
}
