import { describe, expect, it } from 'vitest'
import { redactPatterns } from './patterns.ts'

const prefixes = (
  'sk- csk- sk_live_ rk_live_ pk_live_ sk_test_ gsk_ xai- pplx- nvapi- fw_ hf_ r8_ tvly- jina_ tgp_v1_ sess- whsec_ ' +
  'gho_ ghp_ ghr_ ghs_ ghu_ github_pat_ glpat- npm_ dop_v1_ xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp- ya29. ' +
  'GOCSPX- SG. AQ. bedrock-api-key-'
).split(' ')

const names = (
  'password Passwd PASSPHRASE pwd client_secret clientSecret signing-secret webhook_secret shared_secret app_secret ' +
  'secret_key secret_access_key api_key apikey api-key x-api-key access_token accessToken refresh_token refresh-token ' +
  'id_token idToken auth_token session_token sessionToken security_token private_key privateKey salt_key LITELLM_SALT_KEY ' +
  'master_key masterKey AccountKey SharedAccessKey Authorization ?key &key ?token ?sig &signature ?code X-Amz-Signature'
).split(' ')

describe('redactPatterns', () => {
  it.each(prefixes)('knows the prefix %s', (prefix) => {
    expect(redactPatterns(`see ${prefix}Ab12Cd34 there`)).toBe('see [REDACTED] there')
  })

  it.each(names)('knows the name %s', (name) => {
    expect(redactPatterns(`${name}=Ab12-Cd34&x`)).toBe(`${name}=[REDACTED]&x`)
  })

  it.each(['AKIA', 'ASIA', 'ABIA', 'ACCA', 'AROA', 'AIDA'])('knows cloud ids with %s', (prefix) => {
    expect(redactPatterns(`x ${prefix}0123456789ABCDEF`)).toBe('x [REDACTED]')
  })

  it.each([`AIza${'a1'.repeat(17)}`, `ABSK${'aB1+'.repeat(8)}`, `dapi${'0a'.repeat(16)}`])(
    'knows the shape of %s',
    (key) => {
      expect(redactPatterns(`x ${key}`)).toBe('x [REDACTED]')
    },
  )

  it('returns the very same text when there is nothing to hide', () => {
    const text = 'an ordinary sentence about models'
    expect(redactPatterns(text)).toBe(text)
  })
})
