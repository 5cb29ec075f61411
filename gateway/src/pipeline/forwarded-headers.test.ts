import { describe, expect, it } from 'vitest'
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

  it('adds further x- headers only where the operator said so, and never a credential', () => {
    expect(forwarding.requests.forwardClientHeaders).toBe(true)
    const headers = { ...secret, 'x-custom': 'goes', 'y-custom': 'stays', 'x-many': ['a', 'b'] }
    const list = forwardedHeaders(sampleRequest(body, { headers, config: forwarding }), deployment, [])
    expect(list).toEqual([...deployment.headers, 'x-custom', 'goes'])
    expect(JSON.stringify(list)).not.toContain('canary')
  })
})
