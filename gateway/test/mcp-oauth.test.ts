import { spawnSync } from 'node:child_process'
import {
  Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser, type Page } from './harness/browser.ts'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { machine, type SignInServer, startSignInServer } from './mcp-servers/sign-in-server.ts'

const application = 'http://127.0.0.1:3334/callback'

let upstream: SignInServer
let gateway: Gateway
let key = ''

beforeAll(async () => {
  upstream = await startSignInServer()
  gateway = await startGateway({
    config: {
      mcp_servers: {
        crm: { url: upstream.url, transport: 'http', auth_type: 'oauth2', scopes: ['tools'] },
        robot: {
          ...{ url: upstream.url, transport: 'http', auth_type: 'oauth2', ...machine },
          token_url: `${upstream.issuer}/token`,
        },
        byok: { url: upstream.url, transport: 'http', auth_type: 'bearer_token', is_byok: true },
      },
      routeiq: { mcp: { metadata_timeout: 1, health_interval: 1 } },
    },
    env: {
      MCP_OAUTH_ENABLED: 'true',
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
      LLMROUTER_ENABLE_MCP_TOOL_INVOCATION: 'true',
    },
    workers: 2,
  })
  key = (await gateway.createKey({ key_alias: 'of-the-person' })).key
})
afterAll(async () => {
  await gateway?.stop()
  upstream?.close()
})
beforeEach(() => {
  Object.assign(upstream, { decision: 'allow', fault: 'none', tokenSeconds: 3_600 })
})

const as = (credential: string, path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key: credential, ...options })
const oauth = (path: string): string => `/v1/mcp/server/oauth/${path}`
const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  call(gateway.url, path, {
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const use = (credential: string, name = 'whoami', server_id = 'crm') =>
  as(credential, '/mcp-rest/tools/call', { body: { name, server_id, arguments: {} } })
/** Signs somebody in through a session, without an application. */
async function signIn(credential: string, serverId = 'crm'): Promise<Page> {
  const { authorize_url } = (await as(credential, oauth('session'), { body: { server_id: serverId } })).json()
  const browser = new Browser(application)
  return browser.submit(await browser.open(authorize_url), { decision: 'allow' })
}

/** What an application keeps between the steps of the SDK's sign-in. */
class Application implements OAuthClientProvider {
  readonly redirectUrl = application
  readonly clientMetadata = { client_name: 'An <b>app</b>', redirect_uris: [application] }
  readonly kept: Record<string, unknown> = {}
  opened: URL | null = null
  clientInformation = () => this.kept['client'] as never
  saveClientInformation = (client: unknown) => this.#keep('client', client)
  tokens = () => this.kept['tokens'] as never
  saveTokens = (tokens: unknown) => this.#keep('tokens', tokens)
  saveCodeVerifier = (verifier: string) => this.#keep('verifier', verifier)
  codeVerifier = () => this.kept['verifier'] as string
  saveDiscoveryState = (state: unknown) => this.#keep('discovery', state)
  discoveryState = () => this.kept['discovery'] as never
  state = () => 'state-of-the-application'

  redirectToAuthorization(url: URL): void {
    this.opened = url
  }

  #keep(name: string, value: unknown): void {
    this.kept[name] = value
  }
}

const transportOf = (authProvider: OAuthClientProvider) =>
  new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/crm`), { authProvider })
const newClient = () => new Client({ name: 'app', version: '1' })

it.each(['/mcp/crm', '/crm/mcp'])(
  'tells who comes without a key to %s where to sign in, and for what',
  async (path) => {
    const { status, headers } = await call(gateway.url, path, { body: {} })
    const metadata = `/.well-known/oauth-protected-resource${path}`
    const signIn = '/.well-known/oauth-authorization-server/crm'
    const { url } = gateway
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `Bearer resource_metadata="${url}${metadata}", scope="tools", authorization_uri="${url}${signIn}"`,
    ])
    for (const document of [metadata, signIn])
      expect((await call(url, document)).json()).toMatchObject({ scopes_supported: ['tools'] })
  },
)

describe('an application of the official SDK', () => {
  const app = new Application()
  let back = new URL(application)

  it('finds out where to sign in, registers, and opens a page that asks for the key', async () => {
    await expect(newClient().connect(transportOf(app))).rejects.toThrow(UnauthorizedError)
    expect(app.opened?.pathname).toBe(oauth('crm/authorize'))
    expect(Object.fromEntries(app.opened?.searchParams ?? [])).toMatchObject({
      ...{ response_type: 'code', code_challenge_method: 'S256', redirect_uri: application },
      resource: `${gateway.url}/mcp/crm`,
    })
    const browser = new Browser(application)
    const page = await browser.open(app.opened?.href ?? '')
    expect(page.status).toBe(200)
    expect(page.text).toContain('An &#60;b&#62;app&#60;/b&#62;')
    expect((await browser.submit(page, { decision: 'allow', key: 'sk-wrong' })).status).toBe(401)
    const end = await browser.submit(page, { decision: 'allow', key })
    back = new URL(end.url)
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.any(String),
      state: 'state-of-the-application',
      iss: `${gateway.url}/crm`,
    })
  })

  it('exchanges its code for tokens of the gateway and calls a tool with them', async () => {
    await transportOf(app).finishAuth(back.searchParams)
    const { access_token, refresh_token } = app.kept['tokens'] as Record<string, string>
    expect(access_token).toMatch(/^riq_mcp_/)
    expect(`${access_token}${refresh_token}`).not.toContain('upstream')
    const client = newClient()
    await client.connect(transportOf(app))
    await waitUntil('the tools are known', async () => (await client.listTools()).tools.length === 2)
    const { content } = await client.callTool({ name: 'whoami', arguments: {} })
    expect(content).toEqual([{ type: 'text', text: expect.stringMatching(/^Bearer upstream-access-/) }])
    await client.close()
  })

  it('has tokens for one server alone, of which a code or a refresh token gives new ones once', async () => {
    const { access_token = '', refresh_token = '' } = app.kept['tokens'] as Record<string, string>
    const { client_id } = app.kept['client'] as { client_id: string }
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const headers = { accept: 'application/json, text/event-stream' }
    const reach = async (path: string, token = access_token) =>
      (await as(token, path, { body: list, headers })).status
    expect(await Promise.all(['/mcp', '/mcp/byok', '/mcp/crm'].map((path) => reach(path)))).toEqual([
      401, 401, 200,
    ])
    expect((await as(access_token, '/v1/mcp/server')).status).toBe(401)
    const code = back.searchParams.get('code') ?? ''
    const again = await form(oauth('crm/token'), {
      ...{ grant_type: 'authorization_code', code, client_id, redirect_uri: application },
      code_verifier: String(app.kept['verifier']),
    })
    expect([again.status, again.json().error]).toEqual([400, 'invalid_grant'])
    const refresh = { grant_type: 'refresh_token', refresh_token, client_id }
    const renewed = await form(oauth('crm/token'), refresh)
    expect([renewed.status, await reach('/mcp/crm', renewed.json().access_token)]).toEqual([200, 200])
    expect((await form(oauth('crm/token'), refresh)).json()).toMatchObject({
      error: 'invalid_grant',
      detail: { error: 'token_exchange_failed' },
    })
  })

  it('is let through without a page the next time; another application is not', async () => {
    const { client_id } = app.kept['client'] as { client_id: string }
    const ask = (id: string) => {
      const query = new URLSearchParams({
        ...{ response_type: 'code', client_id: id, redirect_uri: application, code_challenge_method: 'S256' },
        code_challenge: 'a'.repeat(43),
      })
      return as(key, `${oauth('crm/authorize')}?${query}`)
    }
    expect((await ask(client_id)).headers['location']).toContain(`${upstream.issuer}/authorize?`)
    const other = await call(gateway.url, oauth('crm/register'), { body: { redirect_uris: [application] } })
    const page = await ask(other.json().client_id)
    expect([page.status, page.headers['x-frame-options']]).toEqual([200, 'DENY'])
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})

describe('a person with a browser and a key', () => {
  it('signs in through a session that works once', async () => {
    const session = (await as(key, oauth('session'), { body: { server_id: 'crm' } })).json()
    expect(session).toMatchObject({ server_id: 'crm', expires_in: 300, session_id: expect.any(String) })
    const browser = new Browser(application)
    const page = await browser.open(session.authorize_url)
    expect(page.text).toContain(`sk-...${key.slice(-4)}`)
    const end = JSON.parse((await browser.submit(page, { decision: 'allow' })).text)
    expect(end).toMatchObject({ status: 'callback_received', server_id: 'crm', redirect_uri: null })
    expect((await browser.open(session.authorize_url)).text).toContain('invalid_state')
    const exchange = (headers: Record<string, string>) =>
      form(oauth('crm/token'), { grant_type: 'authorization_code', code: end.code }, headers)
    expect((await exchange({ authorization: `Bearer ${key}` })).json()).toMatchObject({
      token_type: 'Bearer',
    })
    const own = await as(key, '/v1/mcp/server/crm/user-credential')
    expect(own.json()).toMatchObject({
      ...{ has_user_credential: true, status: 'ready', type: 'oauth2', scopes: ['tools'] },
      expires_at: expect.any(String),
    })
    expect((await use(key)).json().content[0].text).toMatch(/^Bearer upstream-access-/)
    const servers = (await as(key, '/v1/mcp/server')).json()
    expect(
      servers.map((one: Record<string, unknown>) => [one['server_id'], one['has_user_credential']]),
    ).toEqual([
      ['byok', false],
      ['crm', true],
      ['robot', false],
    ])
  })

  it('is told where to sign in, and nobody uses the account of another', async () => {
    const stranger = (await gateway.createKey()).key
    const refused = await use(stranger)
    expect([refused.status, refused.json().detail]).toEqual([
      401,
      expect.objectContaining({ error: 'upstream_auth_required', authorize_url: expect.any(String) }),
    ])
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }
    const native = await as(stranger, '/mcp/crm', {
      body: message,
      headers: { accept: 'application/json, text/event-stream' },
    })
    expect(native.text).toMatch(/"isError":true/)
    expect(native.text).toContain('session_id=')
  })

  it('of a client that can open addresses is asked to', async () => {
    const stranger = (await gateway.createKey()).key
    const capabilities = { elicitation: { url: {} } }
    const client = new Client(
      { name: 'asks', version: '1' },
      { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    )
    const asked: unknown[] = []
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      asked.push(params)
      const browser = new Browser(application)
      await browser.submit(await browser.open((params as { url: string }).url), { decision: 'allow' })
      return { action: 'accept' }
    })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/crm`), {
        requestInit: { headers: { authorization: `Bearer ${stranger}` } },
      }),
    )
    const { content } = await client.callTool({ name: 'whoami', arguments: {} })
    expect(content).toEqual([{ type: 'text', text: expect.stringMatching(/^Bearer upstream-access-/) }])
    expect(asked).toEqual([
      expect.objectContaining({ mode: 'url', url: expect.stringContaining('session_id=') }),
    ])
    await client.close()
  })

  it('of the server’s own account needs none', async () => {
    expect((await use(key, 'whoami', 'robot')).json().content[0].text).toMatch(/^Bearer upstream-access-/)
    expect(upstream.tokenRequests('client_credentials').length).toBeGreaterThan(0)
  })
})

describe('tokens of a tool server', () => {
  it('are renewed before they end, once for all calls', async () => {
    const before = upstream.tokenRequests('refresh_token').length
    const renewals = () => upstream.tokenRequests('refresh_token').length - before
    upstream.tokenSeconds = 1
    await signIn(key)
    upstream.tokenSeconds = 3_600
    await waitUntil('they are renewed', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => use(key)))
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
      return renewals() > 0
    })
    expect(renewals()).toBe(1)
  })

  it('are renewed when the server does not take them', async () => {
    upstream.revoke()
    expect((await use(key)).status).toBe(200)
  })

  it('that cannot be renewed make the gateway ask, and nothing is deleted', async () => {
    upstream.fault = 'refuses-refresh'
    upstream.revoke()
    expect((await use(key)).json().detail.error).toBe('upstream_auth_required')
    expect((await as(key, '/v1/mcp/server/crm/user-credential')).json()).toMatchObject({
      has_user_credential: true,
      status: 'auth_required',
    })
    upstream.fault = 'none'
    await signIn(key)
    expect((await use(key)).status).toBe(200)
  })

  it('with too few rights lead to a sign-in that asks for what is missing, and no more', async () => {
    upstream.scopeOfTool.set('administer', 'admin')
    const refused = await use(key, 'administer')
    const { authorize_url, error } = refused.json().detail
    expect(error).toBe('upstream_auth_required')
    // A token that is refused meanwhile does not make it forget.
    upstream.revoke()
    expect((await use(key, 'whoami')).status).toBe(200)
    const browser = new Browser(application)
    await browser.submit(await browser.open(authorize_url), { decision: 'allow' })
    expect((await use(key, 'administer')).status).toBe(200)
    const asked = upstream.received
      .map(({ path }) => new URL(path, upstream.issuer))
      .filter(({ pathname }) => pathname === '/authorize')
      .map(({ searchParams }) => searchParams.get('scope'))
    expect(asked.at(-1)?.split(' ').sort()).toEqual(['admin', 'tools'])
    expect(asked.join(' ')).not.toContain('everything')
  })
})

describe('a sign-in that goes wrong', () => {
  it.each([
    ['denied by the person', { decision: 'deny' }, 400, 'token_exchange_failed'],
    ['answered by another issuer', { fault: 'other-issuer' }, 400, 'token_exchange_failed'],
    ['left without an answer', { fault: 'hangs' }, 504, 'timeout'],
  ] as const)('%s says so', async (_, change, status, code) => {
    Object.assign(upstream, change)
    const end = await signIn(key)
    expect([end.status, JSON.parse(end.text).detail.error]).toEqual([status, code])
    expect(end.text).not.toContain('secret detail')
  })

  it('begun in another browser, or never, is refused', async () => {
    const session = (await as(key, oauth('session'), { body: { server_id: 'crm' } })).json()
    const [mine, other] = [new Browser(`${gateway.url}/mcp/oauth/callback`), new Browser(application)]
    const stopped = await mine.submit(await mine.open(session.authorize_url), { decision: 'allow' })
    expect(stopped.url).toContain('/mcp/oauth/callback?')
    expect((await other.open(stopped.url)).text).toContain('invalid_state')
    expect((await other.open(`${gateway.url}/mcp/oauth/callback?state=x&code=y`)).status).toBe(400)
    const page = await mine.open(
      (await as(key, oauth('session'), { body: { server_id: 'crm' } })).json().authorize_url,
    )
    expect((await other.submit(page, { decision: 'allow' })).text).toContain('invalid_state')
  })

  it.each([
    ['a redirect elsewhere', { redirect_uri: 'https://evil.test/' }, 400],
    ['an unknown client', { client_id: 'somebody' }, 400],
    ['a client document that may not be fetched', { client_id: 'https://169.254.169.254/client' }, 400],
  ])('with %s is never redirected', async (_, change, status) => {
    const client = await call(gateway.url, oauth('crm/register'), { body: { redirect_uris: [application] } })
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: client.json().client_id, redirect_uri: application },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', ...change },
    })
    expect((await call(gateway.url, `${oauth('crm/authorize')}?${query}`)).status).toBe(status)
  })

  it.each([
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ resource: 'https://elsewhere.test/mcp' }, 'invalid_target'],
  ])('with %j tells the client', async (change, error) => {
    const client = await call(gateway.url, oauth('crm/register'), { body: { redirect_uris: [application] } })
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: client.json().client_id, redirect_uri: application },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', state: 's', ...change },
    })
    const { location = '' } = (await call(gateway.url, `${oauth('crm/authorize')}?${query}`)).headers
    expect(location).toContain(`${application}?error=${error}&state=s`)
  })

  it.each([
    { redirect_uris: ['http://example.com/'] },
    { redirect_uris: ['javascript:alert(1)'] },
    { redirect_uris: ['https://a.test/#x'] },
    { redirect_uris: [] },
    {},
  ])('registers nobody with %j', async (body) => {
    const answer = await call(gateway.url, oauth('crm/register'), { body })
    expect([answer.status, answer.json().error]).toEqual([400, 'invalid_client_metadata'])
  })

  it('at servers nobody signs in to is not found', async () => {
    for (const name of ['byok', 'nobody'])
      expect((await call(gateway.url, `/.well-known/oauth-authorization-server/${name}`)).status).toBe(404)
    const session = await as(key, oauth('session'), { body: { server_id: 'byok' } })
    expect([session.status, session.json().detail.error]).toEqual([400, 'invalid_request'])
    const inline = await as(key, oauth('session'), { body: { server_id: 'x', url: 'https://example.com/' } })
    expect(inline.status).toBe(403)
  })
})

describe('an account that is entered by hand', () => {
  const path = '/v1/mcp/server/byok/user-credential'

  it('is used for its owner alone, is never shown, and is gone when it is deleted', async () => {
    const none = await as(key, path)
    expect(none.json()).toMatchObject({ has_user_credential: false })
    const token = (await use(key)).json().content[0].text.replace('Bearer ', '')
    const stored = await as(key, path, { body: { credential: token } })
    expect(stored.json()).toEqual({ status: 'stored', server_id: 'byok', has_user_credential: true })
    await waitUntil('its tools are known', async () => (await use(key, 'whoami', 'byok')).status === 200)
    expect((await as(key, path)).text).not.toContain(token)
    const stranger = (await gateway.createKey()).key
    expect((await use(stranger, 'whoami', 'byok')).status).not.toBe(200)
    expect((await as(stranger, path, { method: 'DELETE' })).status).toBe(404)
    expect((await as(key, path, { method: 'DELETE' })).json()).toMatchObject({ status: 'deleted' })
    await waitUntil(
      'every worker has forgotten it',
      async () => (await use(key, 'whoami', 'byok')).status !== 200,
    )
  })

  it.each([{}, { credential: '' }, { credential: 'a\nb' }, { headers: { 'bad name': 'x' } }])(
    '%j is refused',
    async (body) => {
      expect((await as(key, path, { body })).status).toBe(422)
    },
  )
})

describe('secrets', () => {
  it('of callers reach no server, and those of servers no caller, file, or log', async () => {
    const everything = JSON.stringify(upstream.received)
    for (const secret of [key, gateway.masterKey, 'riq_mcp_']) expect(everything).not.toContain(secret)
    const grep = spawnSync('grep', ['-rlaE', 'upstream-(access|refresh)-', gateway.dataDir], {
      encoding: 'utf8',
    })
    expect([grep.status, grep.stdout]).toEqual([1, ''])
    expect(gateway.stdout() + gateway.stderr()).not.toMatch(/upstream-(access|refresh)-|riq_mcp_/)
    expect(gateway.stdout()).toContain('mcp.oauth.consent')
  })

  it('and accounts stay over a restart', async () => {
    await gateway.restart()
    expect((await use(key)).json().content[0].text).toMatch(/^Bearer upstream-access-/)
  })
})
