import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that came in, with everything a secret could be in. */
export interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** A tool server that asks for tokens, and the authorization server that gives them out, each on an address of its own. */
export interface SignInServer {
  /** Of the tool server. */
  readonly url: string
  readonly issuer: string
  readonly received: Received[]
  /** How long the next tokens live. */
  tokenSeconds: number
  /** What the person does at the page of the authorization server. */
  decision: 'allow' | 'deny'
  /** What is wrong with the authorization server. */
  fault: 'none' | 'hangs' | 'other-issuer' | 'refuses-refresh'
  /** Tools of this name want this scope. */
  readonly scopeOfTool: Map<string, string>
  /** Tokens that are good for nothing any more. */
  revoke(): void
  tokenRequests(grant: string): URLSearchParams[]
  close(): void
}

interface Token {
  readonly scope: string
  readonly expiresAt: number
}

interface Code {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge: string
  readonly resource: string
  readonly scope: string
}

/** Client registered at the authorization server beforehand, for machines. */
export const machine = { client_id: 'machine', client_secret: 'secret-of-the-machine' }

export async function startSignInServer(): Promise<SignInServer> {
  const received: Received[] = []
  const tokens = new Map<string, Token>()
  const refreshTokens = new Map<string, string>()
  const codes = new Map<string, Code>()
  const clients = new Map<string, { redirect_uris: string[] }>()
  const scopeOfTool = new Map<string, string>()

  const tools = http.createServer(async (request, response) => {
    const body = await readBody(request, received)
    const origin = `http://${request.headers.host}`
    if (request.url?.startsWith('/.well-known/oauth-protected-resource/mcp')) {
      return send(response, 200, {
        ...{ resource: `${origin}/mcp`, authorization_servers: [server.issuer] },
        scopes_supported: ['tools', 'admin', 'everything'],
      })
    }
    if (request.url !== '/mcp') return send(response, 404, {})
    const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
    const token = tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (token === undefined || token.expiresAt < Date.now()) {
      response.setHeader('www-authenticate', `${challenge}, scope="tools"`)
      response.setHeader('set-cookie', 'upstream=cookie')
      return send(response, 401, { error: 'invalid_token' })
    }
    if (request.method !== 'POST') return send(response, 405, {})
    const message = JSON.parse(body)
    const wanted = scopeOfTool.get(message.params?.name)
    if (wanted !== undefined && !token.scope.split(' ').includes(wanted)) {
      response.setHeader('www-authenticate', `${challenge}, error="insufficient_scope", scope="${wanted}"`)
      return send(response, 403, {})
    }
    if (message.id === undefined) return send(response, 202, null)
    const result = answerMessage(message, request.headers)
    const outcome = result === null ? { error: { code: -32_601, message: 'Method not found' } } : { result }
    return send(response, 200, { jsonrpc: '2.0', id: message.id, ...outcome })
  })

  const authorization = http.createServer(async (request, response) => {
    const body = await readBody(request, received)
    const url = new URL(request.url ?? '', server.issuer)
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      return send(response, 200, {
        issuer: server.issuer,
        authorization_endpoint: `${server.issuer}/authorize`,
        token_endpoint: `${server.issuer}/token`,
        registration_endpoint: `${server.issuer}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
        authorization_response_iss_parameter_supported: true,
      })
    }
    if (url.pathname === '/register') {
      const client_id = `client-${clients.size + 1}`
      const asked = JSON.parse(body)
      clients.set(client_id, asked)
      return send(response, 201, { ...asked, client_id })
    }
    if (url.pathname === '/authorize') return authorize(url.searchParams, response)
    if (url.pathname === '/token') {
      if (server.fault === 'hangs') return undefined
      return giveTokens(new URLSearchParams(body), request.headers.authorization ?? '', response)
    }
    return send(response, 404, {})
  })

  function authorize(query: URLSearchParams, response: http.ServerResponse): unknown {
    const [clientId, redirectUri] = [query.get('client_id') ?? '', query.get('redirect_uri') ?? '']
    const isKnown = clients.get(clientId)?.redirect_uris.includes(redirectUri) === true
    const isWhole = query.get('code_challenge_method') === 'S256' && query.has('resource')
    if (!isKnown || !isWhole) return send(response, 400, { error: 'invalid_request' })
    const back = new URL(redirectUri)
    back.searchParams.set('state', query.get('state') ?? '')
    back.searchParams.set('iss', server.fault === 'other-issuer' ? 'https://evil.test' : server.issuer)
    if (server.decision === 'deny') back.searchParams.set('error', 'access_denied')
    else {
      const code = randomBytes(16).toString('hex')
      codes.set(code, {
        ...{ clientId, redirectUri, challenge: query.get('code_challenge') ?? '' },
        ...{ resource: query.get('resource') ?? '', scope: query.get('scope') ?? '' },
      })
      back.searchParams.set('code', code)
    }
    return response.writeHead(302, { location: back.href }).end()
  }

  function giveTokens(form: URLSearchParams, authorization: string, response: http.ServerResponse): unknown {
    const refuse = (error: string) => send(response, 400, { error, error_description: 'secret detail' })
    const grant = form.get('grant_type')
    if (grant === 'client_credentials') {
      const expected = Buffer.from(`${machine.client_id}:${machine.client_secret}`).toString('base64')
      return authorization === `Basic ${expected}`
        ? issue(response, 'tools', false)
        : refuse('invalid_client')
    }
    if (form.get('resource') !== server.url) return refuse('invalid_target')
    if (grant === 'refresh_token') {
      const scope = refreshTokens.get(form.get('refresh_token') ?? '')
      refreshTokens.delete(form.get('refresh_token') ?? '')
      return scope === undefined || server.fault === 'refuses-refresh'
        ? refuse('invalid_grant')
        : issue(response, scope, true)
    }
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      code !== undefined &&
      code.clientId === form.get('client_id') &&
      code.redirectUri === form.get('redirect_uri') &&
      code.challenge === challenge
    return isRight ? issue(response, code.scope, true) : refuse('invalid_grant')
  }

  function issue(response: http.ServerResponse, scope: string, isRenewable: boolean): unknown {
    const access_token = `upstream-access-${randomBytes(12).toString('hex')}`
    const refresh_token = `upstream-refresh-${randomBytes(12).toString('hex')}`
    tokens.set(access_token, { scope, expiresAt: Date.now() + server.tokenSeconds * 1000 })
    if (isRenewable) refreshTokens.set(refresh_token, scope)
    return send(response, 200, {
      ...{ access_token, token_type: 'Bearer', expires_in: server.tokenSeconds, scope },
      ...(isRenewable && { refresh_token }),
    })
  }

  const [toolsPort, issuerPort] = await Promise.all([listen(tools), listen(authorization)])
  const server: SignInServer = {
    url: `http://127.0.0.1:${toolsPort}/mcp`,
    issuer: `http://127.0.0.1:${issuerPort}`,
    received,
    tokenSeconds: 3_600,
    decision: 'allow',
    fault: 'none',
    scopeOfTool,
    revoke: () => tokens.clear(),
    tokenRequests: (grant) =>
      received
        .filter(({ path }) => path === '/token')
        .map(({ body }) => new URLSearchParams(body))
        .filter((form) => form.get('grant_type') === grant),
    close: () => {
      for (const one of [tools, authorization]) {
        one.close()
        one.closeAllConnections()
      }
    },
  }
  return server
}

// biome-ignore lint/suspicious/noExplicitAny: a message of the protocol, whose shape the fixture knows
function answerMessage(message: any, headers: http.IncomingHttpHeaders): object | null {
  const inputSchema = { type: 'object' }
  if (message.method === 'initialize') {
    const serverInfo = { name: 'sign-in', version: '1' }
    return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
  }
  if (message.method === 'tools/list')
    return { tools: ['whoami', 'administer'].map((name) => ({ name, description: name, inputSchema })) }
  if (message.method === 'tools/call')
    return { content: [{ type: 'text', text: headers.authorization ?? 'nobody' }] }
  return null
}

async function listen(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function readBody(request: http.IncomingMessage, received: Received[]): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  received.push({ path: request.url ?? '', headers: request.headers, body })
  return body
}

function send(response: http.ServerResponse, status: number, body: object | null): unknown {
  response.writeHead(status, { 'content-type': 'application/json' })
  return response.end(body === null ? undefined : JSON.stringify(body))
}
