import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { messages } from './harness/deployments.ts'
import { geminiError } from './harness/gemini-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const directory = mkdtempSync(join(tmpdir(), 'routeiq-vertex-'))
const credentialsFile = join(directory, 'robot.json')
const subjectFile = join(directory, 'subject')
const project = '/v1/projects/project-1/locations/europe-west4/publishers'
let upstream: ScriptedUpstream
let gateway: Gateway
let tokens = 0

const account = (email: string) => ({
  type: 'service_account',
  project_id: 'project-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: email,
  token_uri: `${upstream.origin}/token`,
})

const federation = (credential_source: object) => ({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: `${upstream.origin}/exchange`,
  quota_project_id: 'project-1',
  credential_source,
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  writeFileSync(subjectFile, 'subject-1\n')
  writeFileSync(credentialsFile, JSON.stringify(account('file@project-1')))
  const entry = (model_name: string, model: string, vertex_credentials: unknown): object => ({
    model_name,
    litellm_params: {
      model: `vertex_ai/${model}`,
      api_base: upstream.origin,
      vertex_location: 'europe-west4',
      vertex_credentials,
    },
  })
  gateway = await startGateway({
    config: {
      model_list: [
        entry('flash', 'gemini-2.5-flash', credentialsFile),
        entry('claude', 'claude-sonnet-4-5', credentialsFile),
        entry('inline', 'gemini-2.5-pro', account('inline@project-1')),
        entry('embedder', 'gemini-embedding-001', credentialsFile),
        entry('federated', 'gemini-2.5-flash-lite', federation({ file: subjectFile })),
        entry('impersonating', 'gemini-3-flash', {
          ...federation({
            url: `${upstream.origin}/subject`,
            headers: { Metadata: 'True' },
            format: { type: 'json', subject_token_field_name: 'value' },
          }),
          service_account_impersonation_url: `${upstream.origin}/impersonate`,
        }),
        entry('poor', 'gemini-2.0-flash', account('poor@project-1')),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  rmSync(directory, { recursive: true })
})

const grantTokens = (): void =>
  upstream.script('', (exchange) =>
    respond(200, { access_token: `token-${++tokens}`, expires_in: 3600, token_type: 'Bearer' })(exchange),
  )
const chat = (model: string, members: object = {}) =>
  call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, ...members } })
const bearerOf = (model: string) => upstream.requestsFor(model).map(({ headers }) => headers['authorization'])
const tokenRequests = () => upstream.requests.filter(({ path }) => path === '/token')

describe('Gemini on Vertex AI', () => {
  it('is asked below its project with a token, which is fetched once', async () => {
    grantTokens()
    const answers = await Promise.all([chat('flash'), chat('flash'), chat('flash', { stream: true })])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers[0]?.json().choices[0].message.content).toBe('Hello from the upstream.')
    expect(tokenRequests()).toHaveLength(1)
    expect(new Set(bearerOf('gemini-2.5-flash'))).toEqual(new Set(['Bearer token-1']))
    const paths = upstream.requestsFor('gemini-2.5-flash').map(({ path }) => path)
    expect(paths.toSorted()).toEqual([
      `${project}/google/models/gemini-2.5-flash:generateContent`,
      `${project}/google/models/gemini-2.5-flash:generateContent`,
      `${project}/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
    ])
  })

  it('keeps the token for later requests, and gets another when it is refused', async () => {
    grantTokens()
    await chat('flash')
    expect(tokenRequests()).toEqual([])
    upstream.script(
      'gemini-2.5-flash',
      respond(401, geminiError(401, 'UNAUTHENTICATED', 'Expired.')),
      answerTruly(),
    )
    expect((await chat('flash')).status).toBe(401)
    expect((await chat('flash')).status).toBe(200)
    expect(tokenRequests()).toHaveLength(1)
  })

  it('takes credentials written with the model, with a token of their own', async () => {
    grantTokens()
    expect((await chat('inline')).status).toBe(200)
    expect(tokenRequests()).toHaveLength(1)
    const [form] = tokenRequests().map(({ body }) => new URLSearchParams(body))
    expect(form?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
  })

  it('sends no ids of calls, which it would refuse', async () => {
    const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }]
    await chat('flash', {
      messages: [
        ...messages,
        { role: 'assistant', content: null, tool_calls },
        { role: 'tool', tool_call_id: 'call_1', content: 'x' },
      ],
    })
    expect(upstream.requestsFor('gemini-2.5-flash')[0]?.json['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Hello' }] },
      { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: 'x' } } }] },
    ])
  })

  it('says so when there is no token, and shows nothing of the credentials', async () => {
    upstream.script('', respond(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }))
    const answer = await chat('poor')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).toContain('invalid_grant')
    expect(upstream.requestsFor('gemini-2.0-flash')).toEqual([])
    const shown = answer.text + gateway.stdout() + gateway.stderr()
    expect(shown).not.toContain('PRIVATE KEY')
    expect(shown).not.toContain('token-1')
  })
})

describe('workload identity federation', () => {
  it('exchanges the token of another provider, from a file', async () => {
    grantTokens()
    expect((await chat('federated')).status).toBe(200)
    const [exchange] = upstream.requestsFor('')
    expect(exchange?.path).toBe('/exchange')
    expect(Object.fromEntries(new URLSearchParams(exchange?.body))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: 'subject-1',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    })
    expect(bearerOf('gemini-2.5-flash-lite')).toEqual([`Bearer token-${tokens}`])
  })

  it('asks an address for it, and stands for a service account', async () => {
    const expireTime = new Date(Date.now() + 3_600_000).toISOString()
    upstream.script('', (exchange) => {
      const { path, headers } = exchange.request
      if (path === '/subject') return respond(200, { value: `subject of ${headers['metadata']}` })(exchange)
      if (path === '/exchange') return respond(200, { access_token: 'federated', expires_in: 60 })(exchange)
      return respond(200, { accessToken: `for ${headers['authorization']}`, expireTime })(exchange)
    })
    expect((await chat('impersonating')).status).toBe(200)
    expect((await chat('impersonating')).status).toBe(200)
    const [subject, exchange, impersonation, ...others] = upstream.requestsFor('')
    expect(others).toEqual([])
    expect(subject?.method).toBe('GET')
    expect(new URLSearchParams(exchange?.body).get('subject_token')).toBe('subject of True')
    expect(impersonation?.json).toEqual({
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '3600s',
    })
    expect(bearerOf('gemini-3-flash')).toEqual(Array(2).fill('Bearer for Bearer federated'))
  })
})

describe('embeddings of Vertex AI', () => {
  it('are predictions, an instance for each text', async () => {
    grantTokens()
    const body = { model: 'embedder', input: ['one', 'two'], dimensions: 256, task_type: 'CLUSTERING' }
    const answer = await call(gateway.url, '/v1/embeddings', { key, body })
    expect(answer.json()).toMatchObject({
      data: [{ embedding: [0.5, -0.25, 0.125] }, { embedding: [1.5, -0.25, 0.125] }],
      usage: { prompt_tokens: 6, total_tokens: 6 },
    })
    expect(upstream.requestsFor('gemini-embedding-001')[0]).toMatchObject({
      path: `${project}/google/models/gemini-embedding-001:predict`,
      json: {
        instances: [
          { content: 'one', task_type: 'CLUSTERING' },
          { content: 'two', task_type: 'CLUSTERING' },
        ],
        parameters: { outputDimensionality: 256 },
      },
    })
  })
})

describe('Claude on Vertex AI', () => {
  it.each([false, true])(
    'is asked with its version in the body and its model in the path, stream %s',
    async (stream) => {
      grantTokens()
      const answer = await chat('claude', { stream, max_tokens: 50 })
      expect(answer.status).toBe(200)
      const [sent] = upstream.requestsFor('claude-sonnet-4-5')
      expect(sent?.path).toBe(
        `${project}/anthropic/models/claude-sonnet-4-5:${stream ? 'streamRawPredict' : 'rawPredict'}`,
      )
      expect(sent?.headers['authorization']).toMatch(/^Bearer token-/)
      expect(sent?.json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 50 })
      expect(sent?.json).not.toHaveProperty('model')
    },
  )

  it.each([false, true])('passes Messages through, stream %s', async (stream) => {
    grantTokens()
    const body = { model: 'claude', max_tokens: 50, messages, stream, unknown: { kept: 1.5 } }
    const answer = await call(gateway.url, '/v1/messages', { key, body })
    expect(answer.status).toBe(200)
    const { model: _, ...rest } = body
    expect(upstream.requestsFor('claude-sonnet-4-5')[0]?.json).toEqual({
      ...rest,
      anthropic_version: 'vertex-2023-10-16',
    })
    expect(answer.text).toContain(stream ? 'event: message_stop' : '"model":"claude"')
  })
})
