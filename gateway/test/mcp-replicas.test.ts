import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { Browser } from './harness/browser.ts'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, startRawServer } from './mcp-servers/raw-server.ts'
import { type SignInServer, startSignInServer } from './mcp-servers/sign-in-server.ts'

const { databaseUrl, redisUrl } = await findTestServices()

describe.skipIf(redisUrl === null || databaseUrl === null)('two replicas', () => {
  const replicas: Gateway[] = []
  let raw: RawServer
  let signIn: SignInServer
  let dropDatabase: () => Promise<void> = async () => {}
  let key = ''

  beforeAll(async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    dropDatabase = database.drop
    ;[raw, signIn] = await Promise.all([startRawServer(), startSignInServer()])
    const env = {
      ...{ DATABASE_URL: database.url, REDIS_URL: redisUrl ?? '', LITELLM_MASTER_KEY: masterKey },
      ...{ MCP_GATEWAY_ENABLED: 'true', MCP_OAUTH_ENABLED: 'true' },
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
    }
    for (const _ of [1, 2]) replicas.push(await startGateway({ config: {}, env }))
    key = ((await replicas[0]?.createKey()) ?? { key: '' }).key
  }, 90_000)
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    raw?.close()
    signIn?.close()
    await dropDatabase()
  })

  const on = (index: number, path: string, options: CallOptions = {}): Promise<Answer> =>
    call(replicas[index]?.url ?? '', path, { key, ...options })
  const asAdmin = (index: number, path: string, options: CallOptions = {}): Promise<Answer> =>
    on(index, path, { ...options, key: masterKey })
  const use = (index: number, server_id: string, name: string): Promise<Answer> =>
    on(index, '/mcp-rest/tools/call', { body: { name, server_id, arguments: {} } })

  it('know of a server that one of them was told of, and that it is gone', async () => {
    const body = { server_id: 'raw', name: 'raw', url: raw.url }
    expect((await asAdmin(0, '/llmrouter/mcp/servers', { body })).status).toBe(200)
    await waitUntil('the other one calls it', async () => (await use(1, 'raw', 'echo')).status === 200)
    expect((await asAdmin(1, '/llmrouter/mcp/servers/raw', { method: 'DELETE' })).status).toBe(200)
    await waitUntil('the first one forgets it', async () => (await use(0, 'raw', 'echo')).status === 403)
    expect((await asAdmin(0, '/llmrouter/mcp/servers/raw')).status).toBe(404)
  })

  it('share a sign-in, whichever of them the browser comes by', async () => {
    const body = { server_id: 'crm', name: 'crm', url: signIn.url, auth_type: 'oauth2', scopes: ['tools'] }
    expect((await asAdmin(0, '/llmrouter/mcp/servers', { body })).status).toBe(200)
    const [first = '', second = ''] = replicas.map(({ url }) => url)
    const session = (await on(0, '/v1/mcp/server/oauth/session', { body: { server_id: 'crm' } })).json()
    await waitUntil(
      'the other one knows the server',
      async () => (await on(1, '/v1/mcp/server/crm')).status === 200,
    )
    const browser = new Browser(`${first}/mcp/oauth/callback`)
    const page = await browser.open(session.authorize_url.replace(first, second))
    expect(page.status).toBe(200)
    // The callback of the first replica's address, answered by the second.
    const stopped = await browser.submit(
      { ...page, url: page.url.replace(second, first) },
      { decision: 'allow' },
    )
    const end = await browser.open(stopped.url.replace(first, second))
    expect(JSON.parse(end.text).status).toBe('callback_received')
    for (const index of [0, 1])
      await waitUntil('the account is used', async () => (await use(index, 'crm', 'whoami')).status === 200)
  })

  it('renew an account once', async () => {
    const before = signIn.tokenRequests('refresh_token').length
    const renewals = () => signIn.tokenRequests('refresh_token').length - before
    signIn.revoke()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => use(index % 2, 'crm', 'whoami')),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(renewals()).toBe(1)
  })

  it('both forget an account that is deleted', async () => {
    expect((await on(0, '/v1/mcp/server/crm/user-credential', { method: 'DELETE' })).status).toBe(200)
    await waitUntil('the other one asks', async () => (await use(1, 'crm', 'whoami')).status === 401)
  })
})
