import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { messages } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, type GatewayOptions, masterKey, startGateway } from './harness/start-gateway.ts'

const newKey = () => randomBytes(32).toString('base64')
const canary = 'canary-of-a-stored-secret'
const webhookSecret = Buffer.from(`${canary}-webhook`).toString('base64')
const planted = [
  ...['model', 'credential', 'server', 'agent'].map((kind) => `${canary}-${kind}`),
  webhookSecret,
]

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
afterAll(() => upstream?.close())

const managed = (model_name: string) => ({
  model_name,
  litellm_params: {
    ...{
      model: 'openai/gpt-4o-mini',
      api_base: upstream.openaiBase,
      api_key: `sk-${canary}-model-${model_name}`,
    },
  },
  model_info: { id: model_name },
})

describe.each(await listDatabases())('secrets in the database on $name', ({ name, create }) => {
  const [first, second] = [newKey(), newKey()]
  const env: Record<string, string> = {
    LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
    MCP_GATEWAY_ENABLED: 'true',
    A2A_GATEWAY_ENABLED: 'true',
    ROUTEIQ_ENCRYPTION_KEY: first,
  }
  let gateway: Gateway
  let removeDatabase: () => Promise<void> = async () => {}
  const ask = (path: string, body?: object) =>
    call(gateway.url, path, { key: masterKey, ...(body === undefined ? {} : { body }) })
  const add = async (path: string, body: object) => {
    const answer = await ask(path, body)
    expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300)
  }
  const chat = (model: string) => ask('/v1/chat/completions', { model, messages })
  const rotate = async (...flags: string[]) => {
    const argv = [
      'secrets',
      'rotate',
      '--config',
      gateway.configFile,
      '--data-dir',
      gateway.dataDir,
      ...flags,
    ]
    const product = runProduct(argv, { LITELLM_MASTER_KEY: masterKey, ...env }, gateway.dataDir)
    const { code } = await product.exited
    return { code, said: product.stdout() + product.stderr() }
  }
  const end = async () => {
    gateway.kill('SIGTERM')
    await gateway.exited()
  }
  const query = async (text: string) => {
    const client = new Client({ connectionString: env['DATABASE_URL'] })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  beforeAll(async () => {
    const database = await create()
    removeDatabase = database.remove
    Object.assign(env, database.env)
    gateway = await startGateway({ config: {}, env })
    await add('/model/new', managed('one'))
    await add('/credentials', {
      ...{ credential_name: 'shared', credential_values: { api_key: `${canary}-credential` } },
      credential_info: {},
    })
    await add('/v1/mcp/server', {
      ...{ server_id: 'crm', url: 'https://mcp.example.org/mcp', transport: 'http' },
      ...{ auth_type: 'bearer_token', auth_value: `${canary}-server` },
    })
    await add('/a2a/agents', {
      ...{ agent_name: 'helper', url: 'https://agent.example.org/', agent_card_params: {} },
      ...{ litellm_params: {}, static_headers: { 'x-key': `${canary}-agent` } },
    })
    await add('/api/v1/webhooks', { url: 'https://hooks.example.org/', secret: `whsec_${webhookSecret}` })
  })
  afterAll(async () => {
    await gateway?.stop()
    await removeDatabase()
  })

  /** Everything the database says, its log files included where they are within reach. */
  const everythingKept = async (): Promise<string> => {
    if (name === 'embedded') {
      const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true })
      return files
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
        .join('\n')
    }
    const tables = await query(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)
    const rows = await Promise.all(
      tables.map((table) => query(`SELECT t::text AS text FROM ${table.name} t`)),
    )
    return rows
      .flat()
      .map(({ text }) => text)
      .join('\n')
  }

  it('are nowhere in clear, and no answer shows them', async () => {
    const shown = await Promise.all(
      ['/model/info', '/credentials', '/v1/mcp/server', '/a2a/agents', '/api/v1/webhooks'].map((path) =>
        ask(path),
      ),
    )
    expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    if (name === 'embedded') await end()
    const kept = await everythingKept()
    expect(kept).toContain('riq2.')
    for (const secret of planted) {
      expect(kept.includes(secret), secret).toBe(false)
      expect(
        shown.some(({ text }) => text.includes(secret)),
        secret,
      ).toBe(false)
    }
  })

  it('that the configured key does not open keep the gateway from starting', async () => {
    env['ROUTEIQ_ENCRYPTION_KEY'] = second
    const refused = expect(gateway.restart()).rejects
    await refused.toThrow(
      /ended \(2\):[\s\S]*with a key that is not configured \(managed_models: 1, managed_credentials: 1, mcp_servers: 1, a2a_agents: 1, webhooks: 1\)/,
    )
    const { code, said } = await rotate()
    expect([code, said]).toEqual([1, expect.stringContaining('managed_models: 1 CANNOT BE DECRYPTED')])
  })

  it('are read with the old key, encrypted with the new one, and read without the old one', async () => {
    const file = join(gateway.dataDir, 'keys')
    writeFileSync(file, `${second}\n${first}\n`)
    env['ROUTEIQ_ENCRYPTION_KEY'] = file
    await gateway.restart()
    expect((await chat('one')).status).toBe(200)
    await add('/model/new', managed('two'))

    const isShared = name === 'postgresql'
    if (!isShared) await end()
    // Others write meanwhile, where somebody can.
    const writes = isShared
      ? Array.from({ length: 10 }, (_, n) => add('/model/new', managed(`during-${n}`)))
      : []
    const [rotated] = await Promise.all([rotate(), ...writes])
    expect(rotated, rotated.said).toMatchObject({ code: 0 })
    for (const table of ['managed_models', 'managed_credentials', 'mcp_servers', 'a2a_agents', 'webhooks'])
      expect(rotated.said).toContain(`${table}: 1 encrypted anew`)
    expect((await rotate()).said).toBe(
      'Every secret is encrypted with the first key; the others may be taken away.\n',
    )

    env['ROUTEIQ_ENCRYPTION_KEY'] = second
    await gateway.restart()
    for (const model of ['one', 'two', ...writes.map((_, n) => `during-${n}`)]) {
      expect((await chat(model)).status, model).toBe(200)
      expect(upstream.requests.at(-1)?.headers['authorization']).toBe(`Bearer sk-${canary}-model-${model}`)
    }
  })

  // Nobody but the gateway can write into the embedded database.
  it.runIf(name === 'postgresql')('open for no other row', async () => {
    await query(`UPDATE managed_models SET params = (SELECT params FROM managed_models WHERE model_id = 'two')
                 WHERE model_id = 'one'`)
    await gateway.restart()
    expect((await chat('two')).status).toBe(200)
    expect(await chat('one')).toMatchObject({
      status: 400,
      text: expect.stringContaining('Invalid model name'),
    })
    expect(gateway.stdout() + gateway.stderr()).toContain('managed_model_unreadable')
  })

  it('whose key is lost can be dropped', async () => {
    await end()
    env['ROUTEIQ_ENCRYPTION_KEY'] = newKey()
    const { code, said } = await rotate('--drop-unreadable')
    expect([code, said]).toEqual([0, expect.stringContaining('webhooks: 1 removed')])
    await gateway.restart()
    expect((await ask('/model/info')).json().data).toEqual([])
  })
})

describe('the key of secrets', () => {
  const run = async (options: GatewayOptions, work: (gateway: Gateway) => Promise<void>) => {
    const gateway = await startGateway(options)
    try {
      await work(gateway)
    } finally {
      await gateway.stop()
    }
  }
  const credential = { credential_name: 'c', credential_values: { api_key: 'x' }, credential_info: {} }

  it('is missing where nothing can be kept secret: then nothing secret is taken', async () => {
    const adminKey = 'sk-admin-of-the-tests-0123456789'
    await run({ config: {}, env: { LITELLM_MASTER_KEY: '', ADMIN_API_KEY: adminKey } }, async ({ url }) => {
      for (const [path, body] of [
        ['/credentials', credential],
        ['/api/v1/webhooks', { url: 'https://hooks.example.org/' }],
      ] as const) {
        const answer = await call(url, path, { key: adminKey, body })
        expect([answer.status, answer.text], path).toEqual([
          503,
          expect.stringContaining('Set ROUTEIQ_ENCRYPTION_KEY'),
        ])
      }
    })
  })

  it('is derived from the master key else, with a warning, and then the master key may not just be changed', async () => {
    const env: Record<string, string> = {}
    await run({ config: {}, env }, async (gateway) => {
      await call(gateway.url, '/credentials', { key: masterKey, body: credential })
      await gateway.restart()
      const said = gateway.stdout() + gateway.stderr()
      expect(said).toContain('encrypted with a key derived from the master key')
      const changed = { LITELLM_MASTER_KEY: 'sk-another-master-key-0123456789abcdef' }
      Object.assign(env, changed)
      await expect(gateway.restart()).rejects.toThrow('managed_credentials: 1')
      Object.assign(env, { LITELLM_MASTER_KEY: masterKey, ROUTEIQ_ENCRYPTION_KEY: newKey() })
      const argv = ['secrets', 'rotate', '--data-dir', gateway.dataDir]
      expect((await runProduct(argv, env, gateway.dataDir).exited).code).toBe(0)
      Object.assign(env, changed)
      await gateway.restart()
    })
  })

  it.each([
    ['too short', Buffer.alloc(31).toString('base64')],
    ['a file that is not there', '/no/such/file'],
    ['one of two', `${newKey()},nonsense`],
  ])('is refused when it is none: %s', async (_, value) => {
    const argv = ['validate-config']
    const product = runProduct(argv, { ROUTEIQ_ENCRYPTION_KEY: value, LITELLM_MASTER_KEY: masterKey })
    const { code } = await product.exited
    expect([code, product.stdout()]).toEqual([2, expect.stringContaining('openssl rand -base64 32')])
    expect(product.stdout()).not.toContain(value)
  })
})
