import { describe, expect, it } from 'vitest'
import { lastRequest } from '../../transport/testing/last-request.ts'
import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { azureAiWire, azureWire } from './azure.ts'

const error = (message: string, code: string, members: object = {}) => ({
  error: { message, code, ...members },
})
const filtered = {
  innererror: {
    code: 'ResponsibleAIPolicyViolation',
    content_filter_result: Object.fromEntries(
      [
        'hate',
        'self_harm',
        'sexual',
        'violence',
        'jailbreak',
        'indirect_attack',
        'protected_material_code',
      ].map((category) => [
        category,
        { filtered: category === 'violence', detected: false, severity: 'safe' },
      ]),
    ),
  },
}

describeWireContract({
  wire: azureWire,
  provider: findProvider('azure')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: { stop: 'stop', length: 'length', content_filter: 'content-filter' },
  answerWithFinish: (word) => ({
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: word }],
  }),
  errors: [
    { status: 400, body: error('Invalid.', 'BadRequest'), kind: 'bad_request' },
    {
      status: 400,
      body: error(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        'content_filter',
        filtered,
      ),
      kind: 'content_policy',
    },
    {
      status: 401,
      body: error('Access denied due to invalid subscription key.', '401'),
      kind: 'authentication',
    },
    {
      status: 404,
      body: error('The API deployment for this resource does not exist.', 'DeploymentNotFound'),
      kind: 'not_found',
    },
    { status: 429, body: error('Requests have exceeded call rate limit.', '429'), kind: 'rate_limit' },
    { status: 500, body: { statusCode: 500, message: 'Internal server error' }, kind: 'server_error' },
  ],
  streamError: { text: 'data: {"error":{"message":"Overloaded","code":"503"}}\n\n', kind: 'unavailable' },
})

describe('errors of Azure', () => {
  it('keep the verdict on every content category', () => {
    const body = error('Filtered.', 'content_filter', filtered)
    const failure = azureWire.decodeError(400, {}, JSON.stringify(body), findProvider('azure')!)
    expect(failure.providerFields).toEqual({ code: 'content_filter', ...filtered })
  })
})

const resource = 'https://r.openai.azure.com'
const dated = '/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21'

describe('paths of Azure', () => {
  const chat = (base: string, api_version?: string) =>
    azureWire.pathsFor({
      upstreamModel: 'my gpt',
      account: api_version === undefined ? {} : { api_version },
      base: new URL(base),
    }).chat

  it.each([
    [resource, '2024-10-21', dated],
    [`${resource}/`, '2024-10-21', dated],
    [`${resource}/openai`, '2024-10-21', dated.slice('/openai'.length)],
    [`${resource}/openai/deployments/`, '2024-10-21', '/my%20gpt/chat/completions?api-version=2024-10-21'],
    [`${resource}/openai/deployments/other`, '2024-10-21', '/chat/completions?api-version=2024-10-21'],
    [
      `${resource}/openai/deployments/x/chat/completions?api-version=2024-06-01`,
      '2024-10-21',
      '/chat/completions',
    ],
    [`${resource}?api-version=2024-06-01`, '2024-10-21', '/openai/deployments/my%20gpt/chat/completions'],
    [resource, undefined, '/openai/deployments/my%20gpt/chat/completions?api-version=2025-02-01-preview'],
    [resource, 'v1', '/openai/v1/chat/completions'],
    [resource, 'preview', '/openai/v1/chat/completions?api-version=preview'],
    [`${resource}/openai`, 'latest', '/v1/chat/completions?api-version=latest'],
    [`${resource}/openai/v1/`, undefined, '/chat/completions'],
    [`${resource}/openai/v1`, '2024-10-21', '/chat/completions'],
    [`${resource}/openai/v1`, 'preview', '/chat/completions?api-version=preview'],
    ['https://proxy.example.com/azure', '2024-10-21', dated],
  ])('%s with version %s adds %s', (base, version, path) => {
    expect(chat(base, version)).toBe(path)
  })
})

describe('Azure AI', () => {
  const at = (base: string, account = {}) =>
    azureAiWire.pathsFor({ upstreamModel: 'Phi-4', account, base: new URL(base) }).chat
  const auth = (apiBase: string) =>
    azureAiWire.authHeaders('k', {
      provider: findProvider('azure_ai')!,
      account: { apiKey: 'k', apiBase, account: {}, upstreamModel: 'm' },
    })

  it.each([
    ['https://r.services.ai.azure.com', '/models/chat/completions?api-version=2024-05-01-preview'],
    ['https://r.services.ai.azure.com/models', '/chat/completions?api-version=2024-05-01-preview'],
    ['https://r.services.ai.azure.com/openai/v1', '/chat/completions'],
    ['https://x.eastus2.models.ai.azure.com', '/v1/chat/completions'],
    ['https://x.eastus2.models.ai.azure.com/v1', '/chat/completions'],
  ])('%s adds %s', (base, path) => {
    expect(at(base)).toBe(path)
  })

  it('sends its key as each kind of host wants it', () => {
    expect(auth('https://r.services.ai.azure.com')).toEqual(['api-key', 'k'])
    expect(auth('https://x.models.ai.azure.com')).toEqual(['authorization', 'Bearer k'])
  })
})

describe('logging in to Azure', () => {
  const application = { tenant_id: 't', client_id: 'c', client_secret: 's&s' }
  const grant = (account: Record<string, string>, apiKey: string | null = null) =>
    azureWire.findAuthorization?.({ apiKey, apiBase: null, account, upstreamModel: 'm' }) ?? null
  const headers = (account: Record<string, string>) =>
    azureWire.authHeaders(null, {
      provider: findProvider('azure')!,
      account: { apiKey: null, apiBase: null, account, upstreamModel: 'm' },
    })

  it('asks Microsoft Entra for a token in the name of an application', async () => {
    const found = grant(application)
    if (found?.kind !== 'token') throw new Error('no grant')
    const { origin, path, body } = await lastRequest(found, 0)
    expect(origin + path).toBe('https://login.microsoftonline.com/t/oauth2/v2.0/token')
    expect(body?.toString()).toBe(
      'grant_type=client_credentials&client_id=c&client_secret=s%26s&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default',
    )
    expect(found.account).toMatch(/^[0-9a-f]{64}$/)
    expect(grant({ ...application, client_secret: 'other' })).not.toMatchObject({ account: found.account })
  })

  it('does so elsewhere for a national cloud', async () => {
    const found = grant({
      ...application,
      azure_authority_host: 'login.microsoftonline.us',
      azure_scope: 'x',
    })
    expect((await lastRequest(found, 0)).origin).toBe('https://login.microsoftonline.us')
    expect(() => grant({ ...application, azure_authority_host: '::' })).toThrow(/azure_authority_host/)
  })

  it('prefers a key, then a token', () => {
    expect(grant(application, 'key')).toBeNull()
    expect(grant({ ...application, azure_ad_token: 'eyJ' })).toBeNull()
    expect(headers({ azure_ad_token: 'eyJ' })).toEqual(['authorization', 'Bearer eyJ'])
    expect(headers({})).toEqual([])
    expect(grant({})).toBeNull()
  })

  it('says what is missing or not available', () => {
    expect(() => grant({ tenant_id: 't', client_id: 'c' })).toThrow('`client_secret`')
    expect(() => headers({ azure_ad_token: 'oidc/google' })).toThrow(/not available/)
  })
})
