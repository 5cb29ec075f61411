import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
afterAll(() => upstream?.close())

/** Admins' addresses lead to this machine only where the operator says so. */
const opened = { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' }
const secret = 'sk-upstream-of-the-managed-0123456789'

function asking(gateway: () => Gateway) {
  return (path: string, body?: object, key = masterKey, method?: string): Promise<Answer> =>
    call(gateway().url, path, {
      key,
      ...(body === undefined ? {} : { body }),
      ...(method === undefined ? {} : { method }),
    })
}

describe.each(await listDatabases())('models over the API on $name', ({ create }) => {
  let gateway: Gateway
  let removeDatabase: () => Promise<void> = async () => {}
  const ask = asking(() => gateway)
  const chat = (model: string, key = masterKey) => ask('/v1/chat/completions', { model, messages }, key)
  const managed = (model_name: string, params: object = {}, model_info: object = {}) => ({
    model_name,
    litellm_params: {
      ...{ model: 'openai/gpt-4o-mini', api_base: upstream.openaiBase, api_key: secret },
      ...params,
    },
    model_info,
  })

  beforeAll(async () => {
    const { env, remove } = await create()
    removeDatabase = remove
    gateway = await startGateway({
      config: { model_list: [deployment('fixed', upstream.openaiBase, {}, { id: 'fixed-1' })] },
      env: { ...env, ...opened },
      workers: 2,
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    await removeDatabase()
  })

  it('serve at once, in every worker, and after a restart', async () => {
    const added = await ask('/model/new', managed('fast', { rpm: 600 }, { id: 'fast-1', team: 'search' }))
    expect(added.status, added.text).toBe(200)
    expect(added.json()).toMatchObject({
      model_id: 'fast-1',
      model_name: 'fast',
      litellm_params: { model: 'openai/gpt-4o-mini', rpm: 600 },
      model_info: { id: 'fast-1', db_model: true, team: 'search' },
      created_by: 'master',
    })
    await waitUntil('both workers have it', async () => {
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => chat('fast')))
      return answers.every(({ status }) => status === 200)
    })
    expect(upstream.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${secret}`)
    await gateway.restart('SIGKILL')
    expect((await chat('fast')).status).toBe(200)
    expect(gateway.stdout() + gateway.stderr()).not.toContain(secret)
  })

  it('are told of with what is known, and without their keys', async () => {
    const { data } = (await ask('/model/info')).json()
    const fast = data.find((model: { model_name: string }) => model.model_name === 'fast')
    expect(fast).toMatchObject({
      litellm_params: { model: 'openai/gpt-4o-mini', api_base: upstream.openaiBase },
      model_info: { db_model: true, litellm_provider: 'openai', mode: 'chat', supports_vision: true },
    })
    expect(fast.model_info.input_cost_per_token).toBeGreaterThan(0)
    for (const path of ['/model/info', '/v1/model/info', '/v2/model/info', '/api/v1/routeiq/models'])
      expect((await ask(path)).text).not.toContain('sk-upstream')
    expect((await ask('/v2/model/info?litellm_model_id=fixed-1')).json()).toMatchObject({
      data: [{ model_name: 'fixed', model_info: { db_model: false } }],
      total_count: 1,
      current_page: 1,
    })
    expect((await ask('/model_group/info?model_group=fast')).json().data).toMatchObject([
      { model_group: 'fast', providers: ['openai'], mode: 'chat', rpm: 600 },
    ])
    const { key } = await gateway.createKey({ models: ['fixed'] })
    const visible = (await ask('/model/info', undefined, key)).json().data
    expect(visible.map((model: { model_name: string }) => model.model_name)).toEqual(['fixed'])
  })

  it('change in parts, and go', async () => {
    const patched = await ask(
      '/model/fast-1/update',
      { litellm_params: { rpm: null, tpm: 9_000 } },
      masterKey,
      'PATCH',
    )
    expect(patched.json()).toMatchObject({ litellm_params: { tpm: 9_000 } })
    expect(patched.json().litellm_params).not.toHaveProperty('rpm')
    const named = await ask('/model/update', {
      id: 'fast-1',
      litellm_params: { tpm: 8_000 },
      model_info: { team: 'sales' },
    })
    expect(named.json()).toMatchObject({ model_id: 'fast-1', litellm_params: { tpm: 8_000 } })
    expect((await ask('/model/update', { model_name: 'faster' })).status).toBe(422)
    const renamed = await ask('/model/update', { model_name: 'faster', model_info: { id: 'fast-1' } })
    expect(renamed.status, renamed.text).toBe(200)
    await waitUntil('every worker has the new name', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => chat('faster')))
      return answers.every(({ status }) => status === 200)
    })
    expect((await ask('/model/delete', { id: 'fast-1' })).json()).toEqual({
      message: 'Model: fast-1 deleted successfully',
    })
    await waitUntil('no worker has it', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => chat('faster')))
      return answers.every(({ status }) => status === 404 || status === 400)
    })
  })

  it('have a control plane of their own', async () => {
    const root = '/api/v1/routeiq/models'
    const added = await ask(root, managed('team/smart'))
    expect([added.status, added.json()]).toEqual([
      201,
      { model_name: 'team/smart', action: 'added', model_count: 2 },
    ])
    expect((await ask(root, managed('team/smart'))).status).toBe(409)
    expect((await ask(root)).json()).toContainEqual(
      expect.objectContaining({ model_name: 'team/smart', provider: 'openai', status: 'active' }),
    )
    const replaced = await ask(`${root}/team/smart`, managed('', { rpm: 5 }), masterKey, 'PUT')
    expect(replaced.json()).toEqual({ model_name: 'team/smart', action: 'updated', model_count: 2 })
    const removed = await ask(`${root}/team/smart`, undefined, masterKey, 'DELETE')
    expect(removed.json()).toEqual({ model_name: 'team/smart', action: 'removed', model_count: 1 })
    expect((await ask(`${root}/team/smart`, undefined, masterKey, 'DELETE')).status).toBe(404)
    expect((await ask(`${root}/fixed`, undefined, masterKey, 'DELETE')).json()).toMatchObject({
      error: { code: 'config_managed' },
    })
  })

  it('take accounts from credentials that are kept sealed', async () => {
    const values = { api_key: secret, api_base: upstream.openaiBase }
    const created = await ask('/credentials', { credential_name: 'main', credential_values: values })
    expect(created.json()).toMatchObject({ success: true })
    const shown = await ask('/credentials/main')
    expect(shown.json()).toEqual({
      credential_name: 'main',
      credential_values: { api_key: '****', api_base: '****' },
      credential_info: {},
    })
    const model = { model: 'openai/gpt-4o', litellm_credential_name: 'main' }
    const added = await ask('/model/new', { model_name: 'by-name', litellm_params: model })
    expect(added.status, added.text).toBe(200)
    await waitUntil('it answers', async () => (await chat('by-name')).status === 200)
    expect(upstream.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${secret}`)
    const inUse = await ask('/credentials/main', undefined, masterKey, 'DELETE')
    expect([inUse.status, inUse.text]).toEqual([400, expect.stringContaining('used by by-name')])
    await ask('/model/delete', { id: added.json().model_id })
    expect((await ask('/credentials/main', undefined, masterKey, 'DELETE')).status).toBe(200)
    expect((await ask('/credentials/main')).status).toBe(404)
  })

  it.each([
    ['a provider that is not there', { custom_llm_provider: 'nowhere' }, 400, 'there is no provider nowhere'],
    ['a credential that is not there', { litellm_credential_name: 'none' }, 400, 'no credential named none'],
    ['the gateway’s own variable', { api_key: 'os.environ/LITELLM_MASTER_KEY' }, 400, 'own'],
    ['a file', { vertex_credentials: '/etc/passwd' }, 400, 'file'],
    ['a private address', { api_base: 'http://10.0.0.1/v1' }, 400, 'LLMROUTER_OUTBOUND'],
    ['a metadata service', { api_base: 'http://169.254.169.254/v1' }, 400, 'api_base'],
    ['no model', { model: '' }, 422, 'model'],
  ])('are refused with %s', async (_what, params, status, text) => {
    const answer = await ask('/model/new', managed('bad', params))
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)])
    expect((await ask('/model/info')).text).not.toContain('"bad"')
  })

  it('are an admin’s to manage, or a holder’s of the permission', async () => {
    const { key } = await gateway.createKey({})
    for (const [path, body] of [
      ['/model/new', managed('x')],
      ['/model/delete', { id: 'fixed-1' }],
      ['/credentials', undefined],
      ['/api/v1/routeiq/models', managed('x')],
    ] as const)
      expect((await ask(path, body, key)).status).toBe(403)
    const { key: holder } = await gateway.createKey({ permissions: { 'model.write': true } })
    expect((await ask('/model/delete', { id: 'none' }, holder)).status).toBe(404)
    const taken = await ask('/model/new', managed('x', {}, { id: 'fixed-1' }))
    expect(taken.status).toBe(409)
    expect((await ask('/model/delete', { id: 'fixed-1' })).json().error).toMatchObject({
      code: 'config_managed',
    })
  })
})

const { databaseUrl } = await findTestServices()

it.skipIf(databaseUrl === null)('addresses of admins are judged again when they are called', async () => {
  const database = await createPostgresDatabase(databaseUrl ?? '')
  const env = { DATABASE_URL: database.url }
  const own = await startScriptedUpstream()
  const model = { model: 'openai/x', api_key: secret, api_base: own.openaiBase }
  const opening = await startGateway({ config: {}, env: { ...env, ...opened } })
  try {
    const ask = asking(() => opening)
    expect((await ask('/model/new', { model_name: 'near', litellm_params: model })).status).toBe(200)
    expect((await ask('/v1/chat/completions', { model: 'near', messages })).status).toBe(200)
  } finally {
    await opening.stop()
  }
  const guarded = await startGateway({ config: {}, env })
  try {
    own.reset()
    const answer = await asking(() => guarded)('/v1/chat/completions', { model: 'near', messages })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(own.requests).toEqual([])
  } finally {
    await guarded.stop()
    await own.close()
    await database.drop()
  }
})
