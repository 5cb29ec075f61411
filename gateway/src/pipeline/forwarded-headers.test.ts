import { describe, expect, it } from 'vitest'
import { anthropicMessagesProtocol } from '../protocols/anthropic-messages/anthropic-messages.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { sampleConfig, sampleDeployment, sampleRequest } from './testing/sample-request.ts'

/** Everything a client could send that must not go on: credentials, our own controls, where it comes from. */
const secret = {
  authorization: 'Bearer sk-canary',
  cookie: 'session=canary',
  'proxy-authorization': 'canary',
  'api-key': 'canary',
  'x-api-key': 'canary',
  'x-goog-api-key': 'canary',
  'ocp-apim-subscription-key': 'canary',
  'x-admin-api-key': 'canary',
  'x-litellm-api-key': 'canary',
  'x-routeiq-api-key': 'canary',
  'x-company-key': 'canary',
  'x-litellm-tags': 'canary',
  'x-request-id': 'canary',
  'x-forwarded-for': 'canary',
  'x-real-ip': 'canary',
  'x-team-id': 'canary',
  'x-user-id': 'canary',
  'x-stainless-os': 'canary',
  'openai-organization': 'canary',
  'user-agent': 'canary',
  host: 'canary',
  'content-length': '12',
  'content-encoding': 'gzip',
  connection: 'keep-alive',
}
const plain = { traceparent: '00-1', tracestate: 'a=b', 'idempotency-key': 'i-1' }
const body = { model: 'm', messages: [] }
const deployment = sampleDeployment({ extraHeaders: { 'X-Note': 'own' } })
const forwarding = sampleConfig(
  'litellm_settings: { forward_client_headers_to_llm_api: true }\ngeneral_settings: { forward_client_headers_to_llm_api: true, litellm_key_header_name: X-Company-Key }',
)

describe('forwardedHeaders', () => {
  it('is the list of the deployment itself when nothing is added', () => {
    expect(forwardedHeaders(sampleRequest(body, { headers: secret }), deployment, [])).toBe(
      deployment.headers,
    )
  })

  it('adds what means the same to a provider', () => {
    const headers = { ...secret, ...plain, 'openai-beta': 'b', 'x-custom': 'stays' }
    expect(forwardedHeaders(sampleRequest(body, { headers }), deployment, ['extra', '1'])).toEqual([
      ...deployment.headers,
      'extra',
      '1',
      ...Object.entries(plain).flat(),
      'openai-beta',
      'b',
    ])
  })

  it('keeps the headers of a dialect in that dialect', () => {
    const anthropic = sampleDeployment({ provider: 'anthropic' })
    const request = sampleRequest(body, { headers: { 'openai-beta': 'b' } })
    expect(forwardedHeaders(request, anthropic, [])).toBe(anthropic.headers)
  })

  it('lets a Messages client state its version and its betas, beside those of the deployment', () => {
    const anthropic = sampleDeployment({ provider: 'anthropic', apiKey: 'sk-ant-oat-token' })
    const list = (headers: Record<string, string>, extra: string[] = []) => {
      const request = { ...sampleRequest(body, { headers }), protocol: anthropicMessagesProtocol }
      return forwardedHeaders(request, anthropic, extra)
    }
    const read = (name: string, headers: readonly string[]) => headers[headers.indexOf(name) + 1]
    expect(list({ 'anthropic-version': '2023-06-01' })).toBe(anthropic.headers)
    const sent = list({ 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a, oauth-2025-04-20,b' })
    expect(read('anthropic-version', sent)).toBe('2026-10-21')
    expect(read('anthropic-beta', sent)).toBe('oauth-2025-04-20,a,b')
    expect(sent).toHaveLength(anthropic.headers.length)
    expect(read('anthropic-beta', list({}, ['anthropic-beta', 'c']))).toBe('oauth-2025-04-20,c')
    expect(read('anthropic-beta', anthropic.headers)).toBe('oauth-2025-04-20')
  })

  it('lets a provider refuse flags', () => {
    const elsewhere = sampleDeployment({ provider: 'anthropic' })
    const vertex = { ...elsewhere, provider: { ...elsewhere.provider, id: 'vertex_ai' } }
    const request = {
      ...sampleRequest(body, { headers: { 'anthropic-beta': 'brand-new-2027-01-01' } }),
      protocol: anthropicMessagesProtocol,
    }
    expect(forwardedHeaders(request, vertex, [])).toBe(vertex.headers)
  })

  it('adds further x- headers only where the operator said so, and never a credential', () => {
    expect(forwarding.requests.forwardClientHeaders).toBe(true)
    const headers = {
      ...secret,
      'x-custom': 'goes',
      'x-note': 'canary',
      'y-custom': 'stays',
      'x-many': ['a', 'b'],
    }
    const list = forwardedHeaders(sampleRequest(body, { headers, config: forwarding }), deployment, [])
    expect(list).toEqual([...deployment.headers, 'x-custom', 'goes'])
    expect(JSON.stringify(list)).not.toContain('canary')
  })
})
