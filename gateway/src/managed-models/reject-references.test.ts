import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { rejectReferences } from './reject-references.ts'

// References as they are written in a configuration.
const braces = (rest: string): string => `\${LITELLM_MASTER_KEY${rest}}`
const isOwn = (name: string): boolean => name === 'LITELLM_MASTER_KEY'

describe('parameters an admin writes', () => {
  it.each([
    { api_key: 'sk-1', api_base: 'https://api.test/v1', rpm: 5, tags: ['a'] },
    { api_key: 'os.environ/OPENAI_API_KEY' },
    { vertex_credentials: '{"type": "service_account"}' },
    { vertex_credentials: 'os.environ/GOOGLE_JSON' },
  ])('may be $0', (params) => {
    expect(() => rejectReferences(params, isOwn)).not.toThrow()
  })

  it.each([
    ['api_key', { api_key: 'os.environ/LITELLM_MASTER_KEY' }],
    ['api_key', { api_key: `x-${braces('')}` }],
    ['api_key', { api_key: braces(':-none') }],
    ['extra_headers', { extra_headers: { 'x-a': [braces('')] } }],
    ['vertex_credentials', { vertex_credentials: '/etc/passwd' }],
    ['vertex_credentials', { vertex_credentials: 'key.json' }],
    ['aws_web_identity_token', { aws_web_identity_token: 'oidc/file/run/token' }],
  ])('may not read what is the operator’s in %s', (name, params) => {
    expect(() => rejectReferences(params, isOwn)).toThrow(GatewayError)
    expect(() => rejectReferences(params, isOwn)).toThrow(`\`${name}\` cannot be used`)
  })
})
