import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import Anthropic, { toFile } from '@anthropic-ai/sdk'
import AnthropicV1 from 'anthropic-sdk-v1'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { ProviderSkills } from './harness/provider-skills.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

/** The configuration of the guides, word for word. */
const guide = `
model_list:
  - model_name: team-a-claude
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/TEAM_A_KEY

  - model_name: team-b-claude
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/TEAM_B_KEY
`
const skillText = '---\nname: forms\ndescription: Fill in forms.\n---\n\n# Forms\n\nHow to fill them in.\n'

let upstream: ScriptedUpstream
let provider: ProviderSkills
let gateway: Gateway
let key: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: guide,
    env: {
      TEAM_A_KEY: 'sk-ant-team-a',
      TEAM_B_KEY: 'sk-ant-team-b',
      ANTHROPIC_API_BASE: upstream.anthropicBase,
    },
  })
  const permissions = { 'skills.write': true }
  key = (await gateway.createKey({ organization_id: 'acme', permissions })).key
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})
beforeEach(() => {
  upstream.reset()
  provider = new ProviderSkills()
  for (const model of ['', 'claude-3-5-sonnet-20241022']) upstream.script(model, provider.step)
})

const files = async () => [await toFile(Buffer.from(skillText), 'forms/SKILL.md')]
const beta = (defaultHeaders: Record<string, string> = {}) =>
  new Anthropic({ baseURL: gateway.url, apiKey: key, maxRetries: 0, defaultHeaders })
const current = (defaultHeaders: Record<string, string> = {}) =>
  new AnthropicV1({ baseURL: gateway.url, apiKey: key, maxRetries: 0, defaultHeaders })

describe('an account of the guides', () => {
  it('loses skills only to who holds the permission for it', async () => {
    const { skills } = beta({ 'x-litellm-model': 'team-a-claude' }).beta
    const { id } = await skills.create({ display_title: 'Forms', files: await files() })
    const plain = (await gateway.createKey({ organization_id: 'acme' })).key
    const headers = { 'x-litellm-model': 'team-a-claude', 'anthropic-version': '2023-06-01' }
    for (const path of [`/v1/skills/${id}`, `/v1/skills/${id}/versions/1`]) {
      const refused = await call(gateway.url, path, { method: 'DELETE', key: plain, headers })
      expect([refused.status, refused.json().error.type]).toEqual([403, 'permission_error'])
      expect(refused.json().error.message).toContain('skills.write')
    }
    expect(provider.skills).toHaveLength(1)
    expect((await call(gateway.url, `/v1/skills/${id}`, { key: plain, headers })).status).toBe(200)
  })

  it.each(['team-a', 'team-b'])('%s is reached by the name of its model', async (team) => {
    const { skills } = beta({ 'x-litellm-model': `${team}-claude` }).beta
    const created = await skills.create({ display_title: 'Forms', files: await files() })
    expect(created).toMatchObject({ id: 'skill_01Provider0001', display_title: 'Forms' })
    expect(provider.skills).toMatchObject([{ account: `sk-ant-${team}`, files: ['forms/SKILL.md'] }])
    expect((await skills.list()).data).toEqual([created])
    expect(await skills.retrieve(created.id)).toEqual(created)
    expect(await skills.delete(created.id)).toMatchObject({ type: 'skill_deleted' })
    await expect(skills.retrieve(created.id)).rejects.toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error' } },
    })
  })

  it('may be named by form, query and headers, in this order', async () => {
    const form = (fields: Record<string, string>): Buffer => {
      const parts = Object.entries(fields).map(
        ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      const file = `--b\r\nContent-Disposition: form-data; name="files[]"; filename="forms/SKILL.md"\r\n\r\n${skillText}\r\n`
      return Buffer.from(`${parts.join('')}${file}--b--\r\n`)
    }
    const ask = async (path: string, headers: Record<string, string>, body?: Buffer) => {
      const type = body === undefined ? {} : { 'content-type': 'multipart/form-data; boundary=b' }
      const answer = await call(gateway.url, path, {
        key,
        headers: { ...headers, ...type },
        ...(body === undefined ? {} : { body }),
      })
      return [answer.status, answer.headers['x-routeiq-skills-account']]
    }
    const header = { 'x-routeiq-model': 'team-b-claude' }
    expect(await ask('/v1/skills', header)).toEqual([200, 'team-b-claude'])
    expect(await ask('/v1/skills?model=team-a-claude&limit=5', header)).toEqual([200, 'team-a-claude'])
    expect(upstream.requests.at(-1)?.path).toBe('/v1/skills?limit=5')
    const body = form({ model: 'team-a-claude', display_title: 'Forms', custom_llm_provider: 'anthropic' })
    expect(await ask('/v1/skills?model=team-b-claude', header, body)).toEqual([200, 'team-a-claude'])
    // Byte for byte what was sent, without what speaks to the gateway.
    expect(upstream.requests.at(-1)?.body).toBe(form({ display_title: 'Forms' }).toString())
    // A plain client reads the shape of the guides.
    expect(upstream.requests.at(-1)?.headers).toMatchObject({
      'x-api-key': 'sk-ant-team-a',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'skills-2025-10-02',
    })
  })

  it('gets nothing of the caller but what the vendor reads', async () => {
    await current({ 'x-litellm-model': 'team-a-claude', cookie: 'a=b', 'x-custom': key }).skills.list()
    const headers = upstream.requests[0]?.headers ?? {}
    expect(JSON.stringify(upstream.requests[0])).not.toContain(key)
    expect(headers).toMatchObject({ 'x-api-key': 'sk-ant-team-a' })
    expect(headers['anthropic-beta']).toBeUndefined()
    for (const name of ['cookie', 'x-custom', 'x-litellm-model', 'authorization'])
      expect(headers[name]).toBeUndefined()
  })

  it('passes on what the vendor says is wrong', async () => {
    provider.refusal = respond(429, {
      type: 'error',
      error: { type: 'rate_limit_error', message: 'Slow down.' },
    })
    const refused = beta({ 'x-litellm-model': 'team-a-claude' }).beta.skills.create({ files: await files() })
    await expect(refused).rejects.toMatchObject({ status: 429, error: { error: { message: 'Slow down.' } } })
  })
})

it('the examples of docs/skill-accounts.md do what the page says', async () => {
  const page = readFileSync(new URL('../../docs/skill-accounts.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
  const env = { PATH: process.env['PATH'] ?? '', BASE: gateway.url, KEY: key }
  const answers: string[] = []
  for (const block of blocks) {
    const { stdout } = await promisify(execFile)('sh', ['-ec', block.replaceAll(/^curl /gm, 'echo; curl ')], {
      env,
    })
    answers.push(...stdout.split('\n').filter((text) => text !== ''))
  }
  expect(answers.map((text) => JSON.parse(text))).toMatchObject([
    { data: [] },
    { data: [] },
    { type: 'skill', source: 'custom' },
    { type: 'message', container: { skills: [{ skill_id: 'refunds' }, { skill_id: 'pdf' }] } },
  ])
  expect(upstream.requests.slice(0, 2).map(({ headers }) => headers['x-api-key'])).toEqual([
    'sk-ant-team-a',
    'sk-ant-team-b',
  ])
})

describe('the choice between store and account', () => {
  const list = (path = '/v1/skills', headers: Record<string, string> = {}, presented = key) =>
    call(gateway.url, path, { key: presented, headers })

  it('is the store unless the request says otherwise', async () => {
    expect((await list()).headers['x-routeiq-skills-account']).toBeUndefined()
    const provided = await list('/v1/skills?custom_llm_provider=anthropic')
    expect(provided.headers['x-routeiq-skills-account']).toBe('team-a-claude')
    const asked = await list('/v1/skills', { 'x-routeiq-skills-backend': 'provider' })
    expect(asked.headers['x-routeiq-skills-account']).toBe('team-a-claude')
    const stored = await list('/v1/skills?model=team-a-claude', { 'x-routeiq-skills-backend': 'store' })
    expect(stored.headers['x-routeiq-skills-account']).toBeUndefined()
    const ours = await list('/v1/skills?model=team-a-claude&custom_llm_provider=litellm_proxy')
    expect(ours.headers['x-routeiq-skills-account']).toBeUndefined()
    expect((await list('/v1/skills', { 'x-routeiq-skills-backend': 'cloud' })).status).toBe(400)
  })

  it('names the models a key may use where it asked for another', async () => {
    const limited = (await gateway.createKey({ models: ['team-b-claude'] })).key
    const unknown = await list('/v1/skills?model=nothing', {}, limited)
    expect([unknown.status, unknown.json()]).toEqual([
      400,
      expect.objectContaining({
        type: 'error',
        error: expect.objectContaining({ message: expect.stringContaining('team-b-claude') }),
      }),
    ])
    expect(unknown.text).not.toContain('team-a-claude')
    expect((await list('/v1/skills?model=team-a-claude', {}, limited)).status).toBe(403)
    const usual = await list('/v1/skills', { 'x-routeiq-skills-backend': 'provider' }, limited)
    expect(usual.headers['x-routeiq-skills-account']).toBe('team-b-claude')
    expect(upstream.requests).toHaveLength(1)
  })

  it("follows the key's own account", async () => {
    const metadata = { routeiq_skills_account: 'team-b-claude' }
    const own = (await gateway.createKey({ metadata })).key
    const usual = await list('/v1/skills', { 'x-routeiq-skills-backend': 'provider' }, own)
    expect(usual.headers['x-routeiq-skills-account']).toBe('team-b-claude')
  })
})

it('the smallest configuration of the guides serves both', async () => {
  const small = await startGateway({
    config: `
model_list:
  - model_name: claude-3-5-sonnet
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/ANTHROPIC_API_KEY
`,
    env: { ANTHROPIC_API_KEY: 'sk-ant-small', ANTHROPIC_API_BASE: upstream.anthropicBase },
  })
  try {
    const { key: own } = await small.createKey({})
    const files = [{ path: 'forms/SKILL.md', content: skillText }]
    const created = await call(small.url, '/v1/skills?beta=true', { key: own, body: { files } })
    const { id } = created.json()
    expect(created.json()).toMatchObject({ type: 'skill', source: 'custom' })
    expect((await call(small.url, `/v1/skills/${id}?beta=true`, { key: own })).json()).toEqual(created.json())
    expect((await call(small.url, '/v1/skills?beta=true', { key: own })).json().data).toEqual([
      created.json(),
    ])
    expect(upstream.requests).toEqual([])
    const relayed = await call(small.url, '/v1/skills?beta=true&model=claude-3-5-sonnet', { key: own })
    expect([relayed.json().data, upstream.requests[0]?.path]).toEqual([[], '/v1/skills?beta=true'])
    expect(upstream.requests[0]?.headers['x-api-key']).toBe('sk-ant-small')
    const deleted = await call(small.url, `/v1/skills/${id}`, { key: own, method: 'DELETE' })
    expect(deleted.json()).toEqual({ id, type: 'skill_deleted' })
  } finally {
    await small.stop()
  }
})

describe('a gateway that passes everything through', () => {
  let passing: Gateway

  beforeAll(async () => {
    passing = await startGateway({
      config: {
        model_list: [
          deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
          deployment('local', 'http://127.0.0.1:9', { model: 'ollama/llama3' }),
        ],
        general_settings: { skills_mode: 'passthrough' },
        routeiq: { skills: { neutral_dialect: 'openai' } },
      },
      env: { ANTHROPIC_API_KEY: 'sk-ant-env', ANTHROPIC_API_BASE: upstream.anthropicBase },
    })
  })
  afterAll(() => passing?.stop())

  it("uses the environment's account, but not for a key that is limited to some models", async () => {
    const open = (await passing.createKey({})).key
    const listed = await call(passing.url, '/v1/skills', {
      key: open,
      headers: { 'anthropic-version': '2023-06-01' },
    })
    expect([listed.status, listed.headers['x-routeiq-skills-account']]).toEqual([200, 'anthropic'])
    expect(upstream.requests[0]?.headers['x-api-key']).toBe('sk-ant-env')
    const limited = (await passing.createKey({ models: ['gpt'] })).key
    const refused = await call(passing.url, '/v1/skills', { key: limited })
    // A plain client is answered in the dialect the operator chose.
    expect([refused.status, refused.json().error.type]).toEqual([400, 'invalid_request_error'])
    expect(refused.json().type).toBeUndefined()
  })

  it("reaches OpenAI's skills by a model of OpenAI, and says which models have none", async () => {
    upstream.script(
      '',
      respond(200, { object: 'list', data: [], has_more: false, first_id: null, last_id: null }),
    )
    const { key: open } = await passing.createKey({})
    const openai = new OpenAI({
      baseURL: `${passing.url}/v1`,
      apiKey: open,
      maxRetries: 0,
      defaultHeaders: { 'x-routeiq-model': 'gpt' },
    })
    expect((await openai.skills.list()).data).toEqual([])
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/skills',
      headers: expect.objectContaining({ authorization: 'Bearer sk-upstream' }),
    })
    expect(upstream.requests[0]?.headers['anthropic-version']).toBeUndefined()
    const none = await call(passing.url, '/v1/skills?model=local', { key: open })
    expect([none.status, none.text]).toEqual([400, expect.stringContaining('keeps no skills')])
  })

  it('still calls functions itself', async () => {
    const { key: open } = await passing.createKey({})
    const answer = await call(passing.url, '/v1/skills', { key: open, body: { skill_name: 'nothing' } })
    expect(answer.status).not.toBe(200)
    expect(upstream.requests).toEqual([])
  })
})
