import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import type { Route } from '../../http/router.ts'
import {
  authenticate,
  authenticateKey,
  authenticateToken,
  hasCredential,
  type Identity,
} from '../../pipeline/authenticate.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { requirePrincipal } from '../native/native-routes.ts'
import { serverNotFound } from '../registry/mcp-registry.ts'
import type { McpRoutesDependencies } from '../rest/mcp-endpoint.ts'
import { aliasOf, type McpServer } from '../server.ts'
import { sendConsentPage } from './consent-page.ts'
import { type GatewayClient, mayRedirectTo } from './gateway-clients.ts'
import { holderOf, oauthRoute, readForm, redirect, requireSignIn } from './oauth-endpoint.ts'
import { callbackPath, type SignInRequest } from './sign-ins.ts'

const cookieName = 'riq_sign_in'
const cookieSeconds = 600
const authorizePath = '/v1/mcp/server/oauth/{server_id}/authorize'

/** What a client asks for, before it is known for whom. */
type Wanted = Omit<SignInRequest, 'keyHash' | 'owner'>

/** A sign-in that waits for the person to agree; sealed into the page. */
interface Question {
  readonly wanted: Wanted
  /** Null where the page asks for the key. */
  readonly holder: { readonly keyHash: string; readonly owner: string } | null
  readonly browser: string
}

/** Where browsers come by when somebody signs in to a tool server. */
export function authorizeRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    oauthRoute(deps, 'GET', authorizePath, async ({ exchange, params, gateway, base }) => {
      const query = queryOf(exchange.target)
      const browser = readCookie(exchange) ?? randomBytes(24).toString('base64url')
      const session = query.get('session_id')
      if (session !== null) {
        const request = await gateway.oauth.signIns.takeSession(session)
        if (request === null || request.serverId !== params['server_id'])
          throw new GatewayError('invalid_state', 'This address was used before, or is too old.')
        const { keyHash, owner, ...wanted } = request
        return ask(deps.identity, exchange, gateway, base, wanted, { keyHash, owner }, browser)
      }
      const server = requireSignIn(gateway, params['server_id'])
      const issuer = `${base}/${params['server_id'] ?? ''}`
      const wanted = { ...(await readWanted(gateway, server, query, base)), issuer }
      if (wanted.refusal !== null) return answerClient(exchange, wanted, { error: wanted.refusal })
      const caller = hasCredential(exchange)
        ? requirePrincipal(await authenticate(deps.identity, exchange, 'user'))
        : null
      if (caller === null) return ask(deps.identity, exchange, gateway, base, wanted, null, browser)
      requireVisibleTo(gateway, caller, server)
      const holder = holderOf(caller)
      const isKnown = await gateway.oauth.store.hasConsent(consentOf(wanted, holder.owner))
      if (!isKnown) return ask(deps.identity, exchange, gateway, base, wanted, holder, browser)
      await goOn(exchange, gateway, base, { ...wanted, ...holder }, browser)
    }),
    oauthRoute(deps, 'POST', authorizePath, async ({ exchange, gateway, base }) => {
      const form = await readForm(exchange)
      const question = openQuestion(gateway, form.get('pending') ?? '')
      if (question === null || question.browser !== readCookie(exchange))
        throw new GatewayError('invalid_state', 'This page is too old, or of another browser. Begin again.')
      const { wanted } = question
      if (form.get('decision') !== 'allow') return answerClient(exchange, wanted, { error: 'access_denied' })
      const caller =
        question.holder === null
          ? requirePrincipal(await authenticateKey(deps.identity, exchange, form.get('key') ?? ''))
          : null
      if (caller !== null) requireVisibleTo(gateway, caller, gateway.oauth.signIns.requireServer(wanted))
      const holder = question.holder ?? (caller === null ? null : holderOf(caller))
      if (holder === null) throw new Error('neither a holder nor a caller')
      if (wanted.clientId !== null) await gateway.oauth.store.addConsent(consentOf(wanted, holder.owner))
      gateway.audit('mcp.oauth.consent', exchange, holder.keyHash, wanted.serverId)
      await goOn(exchange, gateway, base, { ...wanted, ...holder }, question.browser)
    }),
    oauthRoute(deps, 'GET', callbackPath, async ({ exchange, gateway }) => {
      const { request, server, code } = await gateway.oauth.signIns.finish(
        queryOf(exchange.target),
        readCookie(exchange),
      )
      if (code === null) return answerClient(exchange, request, { error: 'access_denied' })
      gateway.audit('mcp.credential.set', exchange, request.keyHash, request.serverId)
      void gateway.upstreams.lookAgain(server)
      answerClient(exchange, request, { code })
    }),
  ]
}

/** Errors: 400 `invalid_request`. What is wrong behind a redirect URI that may be used is told there. */
async function readWanted(
  gateway: McpGateway,
  server: McpServer,
  query: URLSearchParams,
  base: string,
): Promise<Omit<Wanted, 'issuer'> & { readonly refusal: string | null }> {
  const client = await gateway.oauth.clients.find(required(query, 'client_id'))
  const redirectUri = required(query, 'redirect_uri')
  if (!mayRedirectTo(client, redirectUri))
    throw new GatewayError('invalid_request', 'redirect_uri is not one of this client.', {
      param: 'redirect_uri',
    })
  const resource = `${base}/mcp/${aliasOf(server)}`
  const wanted = {
    serverId: server.settings.serverId,
    settings: null,
    clientId: client.clientId,
    redirectUri,
    state: query.get('state'),
    codeChallenge: query.get('code_challenge'),
    resource: query.get('resource') ?? resource,
    scope: null,
  }
  const method = query.get('code_challenge_method') ?? 'plain'
  if (query.get('response_type') !== 'code') return { ...wanted, refusal: 'unsupported_response_type' }
  if (!/^[A-Za-z0-9_-]{43}$/.test(wanted.codeChallenge ?? '') || method !== 'S256')
    return { ...wanted, refusal: 'invalid_request' }
  return { ...wanted, refusal: isResourceOf(server, wanted.resource, base) ? null : 'invalid_target' }
}

/** Tokens are for one server of this gateway, however its address is spelled. */
function isResourceOf(server: McpServer, resource: string, base: string): boolean {
  const names = [aliasOf(server), server.settings.serverId]
  return names.some((name) =>
    [`${base}/mcp/${name}`, `${base}/${name}/mcp`, `${base}/mcp/${name}/mcp`].includes(resource),
  )
}

async function ask(
  identity: Identity,
  exchange: Exchange,
  gateway: McpGateway,
  base: string,
  wanted: Wanted,
  holder: Question['holder'],
  browser: string,
): Promise<void> {
  const server = gateway.oauth.signIns.requireServer(wanted)
  const client = wanted.clientId === null ? null : await gateway.oauth.clients.find(wanted.clientId)
  const caller = holder === null ? null : await authenticateToken(identity, exchange, holder.keyHash)
  sendConsentPage(
    exchange,
    {
      serverName: server.settings.name,
      serverUrl: new URL(server.settings.url ?? '').origin,
      application: client === null ? null : applicationOf(client, wanted),
      keyName: caller?.keyName ?? null,
      pending: sealQuestion(gateway, { wanted, holder, browser }),
    },
    cookieOf(browser, base),
  )
}

function sealQuestion({ oauth }: McpGateway, question: Question): string {
  const payload = JSON.stringify({ ...question, until: Date.now() + cookieSeconds * 1000 })
  return oauth.vault.requireSealer().seal({ form: 'mcp', family: 'question', account: '', payload })
}

/** Null for what is forged or too old. */
function openQuestion({ oauth }: McpGateway, sealed: string): Question | null {
  const blob = oauth.vault.requireSealer().open(sealed)
  if (blob === null || blob.family !== 'question') return null
  const question = JSON.parse(blob.payload) as Question & { readonly until: number }
  return question.until > Date.now() ? question : null
}

function applicationOf({ name }: GatewayClient, { redirectUri }: Wanted) {
  return { name, returnsTo: new URL(redirectUri ?? '').origin }
}

async function goOn(
  exchange: Exchange,
  gateway: McpGateway,
  base: string,
  request: SignInRequest,
  browser: string,
): Promise<void> {
  const url = await gateway.oauth.signIns.begin(request, base, browser)
  redirect(exchange, url, ['set-cookie', cookieOf(browser, base)])
}

/** Tells the client how it ended, or the person where there is no client to go back to. */
function answerClient(
  exchange: Exchange,
  { serverId, redirectUri, state, issuer }: Wanted,
  answer: { readonly code: string } | { readonly error: string },
): void {
  if (redirectUri !== null) {
    const url = new URL(redirectUri)
    for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
    if (state !== null) url.searchParams.set('state', state)
    if (issuer !== null) url.searchParams.set('iss', issuer)
    redirect(exchange, url.href)
    return
  }
  if ('error' in answer)
    throw new GatewayError('token_exchange_failed', 'The sign-in was refused; nothing was changed.')
  const message = 'You are signed in. This window can be closed.'
  exchange.sendJson(200, {
    ...{ status: 'callback_received', server_id: serverId, code: answer.code },
    ...{ original_state: state, redirect_uri: redirectUri, message },
  })
}

/** Errors: 404, as for a server that is not there. */
function requireVisibleTo(
  gateway: McpGateway,
  caller: Parameters<McpGateway['views']['visibleServers']>[0],
  server: McpServer,
): void {
  const isVisible = gateway.views
    .visibleServers(caller)
    .some(({ settings }) => settings.serverId === server.settings.serverId)
  if (!isVisible) throw serverNotFound(server.settings.serverId)
}

function consentOf({ serverId, clientId, redirectUri }: Wanted, owner: string) {
  return { owner, serverId, client: clientId ?? '', redirectUri: redirectUri ?? '' }
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name)
  if (value !== null && value !== '') return value
  throw new GatewayError('invalid_request', `${name} is missing.`, { param: name })
}

function readCookie(exchange: Exchange): string | null {
  const found = new RegExp(`(?:^|;\\s*)${cookieName}=([A-Za-z0-9_-]{32})(?:;|$)`).exec(
    exchange.header('cookie') ?? '',
  )
  return found?.[1] ?? null
}

function cookieOf(browser: string, base: string): string {
  const { protocol, pathname } = new URL(base)
  const secure = protocol === 'https:' ? '; Secure' : ''
  return `${cookieName}=${browser}; Path=${pathname}; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax${secure}`
}
