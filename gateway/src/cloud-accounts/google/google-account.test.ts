import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { lastRequest } from '../../transport/testing/last-request.ts'
import { findGoogleGrant, findGoogleProject } from './google-account.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const serviceAccount = {
  type: 'service_account',
  project_id: 'project-1',
  private_key_id: 'key-1',
  private_key: pem,
  client_email: 'robot@project-1.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.example.com/token?x=1',
}
const grantOf = (credentials?: object | string, apiKey: string | null = null) => {
  const text = typeof credentials === 'string' ? credentials : JSON.stringify(credentials)
  const account: Record<string, string> = credentials === undefined ? {} : { vertex_credentials: text }
  return findGoogleGrant({ apiKey, account })
}
const formOf = (body: { toString(): string } | null | undefined) => new URLSearchParams(body?.toString())

describe('a Google account', () => {
  it('of a service signs who it is, for an hour from now', async () => {
    const now = 1_800_000_000_500
    const request = await lastRequest(grantOf(serviceAccount), now)
    expect(request).toMatchObject({
      origin: 'https://oauth2.example.com',
      method: 'POST',
      path: '/token?x=1',
      headers: expect.arrayContaining(['application/x-www-form-urlencoded']),
    })
    const form = formOf(request?.body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const read = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString())
    expect(read(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    expect(read(claims)).toEqual({
      iss: serviceAccount.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: serviceAccount.token_uri,
      iat: 1_800_000_000,
      exp: 1_800_003_600,
    })
    const isGenuine = verify(
      'RSA-SHA256',
      Buffer.from(`${header}.${claims}`),
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      Buffer.from(signature, 'base64url'),
    )
    expect(isGenuine).toBe(true)
  })

  it('shares its token with the same credentials and no others', () => {
    expect(grantOf(serviceAccount)?.account).toBe(grantOf({ ...serviceAccount })?.account)
    expect(grantOf({ ...serviceAccount, client_email: 'other@x' })?.account).not.toBe(
      grantOf(serviceAccount)?.account,
    )
    expect(grantOf(serviceAccount)?.account).not.toContain('robot')
  })

  it('of a user trades its refresh token', async () => {
    const user = {
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
      quota_project_id: 'q',
    }
    const request = await lastRequest(grantOf(user), 0)
    expect(request?.origin).toBe('https://oauth2.googleapis.com')
    expect(Object.fromEntries(formOf(request?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
    })
    expect(findGoogleProject({ vertex_credentials: JSON.stringify(user) })).toBe('q')
  })

  it('of a machine asks the metadata server', async () => {
    expect(await lastRequest(grantOf(), 0)).toMatchObject({
      origin: 'http://metadata.google.internal',
      method: 'GET',
      headers: expect.arrayContaining(['metadata-flavor', 'Google']),
    })
  })

  it('with an API key needs no token', () => {
    expect(grantOf(serviceAccount, 'key')).toBeNull()
  })

  it('works in its configured project, else in that of its credentials', () => {
    const vertex_credentials = JSON.stringify(serviceAccount)
    expect(findGoogleProject({ vertex_credentials })).toBe('project-1')
    expect(findGoogleProject({ vertex_credentials, vertex_project: 'own' })).toBe('own')
    expect(findGoogleProject({})).toBeNull()
  })

  it.each([
    ['not json', 'not a JSON object'],
    [{ type: 'gdch_service_account' }, 'type service_account, authorized_user or external_account'],
    [{ type: 'service_account' }, 'has no `client_email`'],
    [{ ...serviceAccount, private_key: 'nonsense' }, 'is not a private key'],
    [{ type: 'authorized_user', client_id: 'c' }, 'has no `client_secret`'],
  ])('is refused for %j, without showing it', (credentials, reason) => {
    expect(() => grantOf(credentials)).toThrow(reason)
    expect(() => grantOf(credentials)).not.toThrow('nonsense')
  })

  it('is refused for a token address that is none', async () => {
    await expect(lastRequest(grantOf({ ...serviceAccount, token_uri: 'nowhere' }), 0)).rejects.toThrow(
      'token_uri',
    )
  })
})
