import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type JsonRecord, parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import type { AccountConfig } from '../../providers/wire.ts'
import type { TokenGrant } from '../../transport/authorization.ts'
import { findExternalGrant } from './external-account.ts'
import { cloudScope, createFormRequest, digest, requireText } from './token-call.ts'

const tokenAddress = 'https://oauth2.googleapis.com/token'
const jwtLifetimeSeconds = 3600

/**
 * How an account logs in at Google Cloud: with the key of a service account (RFC 7523), the refresh token of a user,
 * the token of another identity provider, or as the machine it runs on, when it names no credentials. Null for an account with an API key.
 * Errors: throws an Error that says what is wrong with the credentials.
 */
export function findGoogleGrant({
  apiKey,
  account,
}: Pick<AccountConfig, 'apiKey' | 'account'>): TokenGrant | null {
  if (apiKey !== null && apiKey !== '') return null
  const credentials = readCredentials(account)
  if (credentials === null) return metadataGrant
  switch (credentials['type']) {
    case 'service_account':
      return serviceAccountGrant(credentials)
    case 'authorized_user':
      return userGrant(credentials)
    case 'external_account':
      return findExternalGrant(credentials)
    default:
      throw new Error(
        '`vertex_credentials` must be of the type service_account, authorized_user or external_account',
      )
  }
}

/** Null when the account names none. */
function readCredentials(account: AccountConfig['account']): JsonRecord | null {
  const text = account['vertex_credentials']
  if (text === undefined) return null
  const credentials = readRecord(parseJson(text))
  if (credentials === null) throw new Error('`vertex_credentials` is not a JSON object')
  return credentials
}

/** The project an account works in: as configured, else the one its credentials belong to. */
export function findGoogleProject(account: AccountConfig['account']): string | null {
  const credentials = readCredentials(account)
  return (
    account['vertex_project'] ??
    readText(credentials?.['project_id']) ??
    readText(credentials?.['quota_project_id'])
  )
}

function serviceAccountGrant(credentials: JsonRecord): TokenGrant {
  const email = requireText(credentials, 'client_email')
  const pem = requireText(credentials, 'private_key')
  const key = readPrivateKey(pem)
  const address = readText(credentials['token_uri']) ?? tokenAddress
  const keyId = readText(credentials['private_key_id'])
  return {
    kind: 'token',
    account: digest([address, email, pem]),
    steps: [
      {
        kind: 'call',
        createRequest: (now) =>
          createFormRequest(address, {
            grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
            assertion: createAssertion({ email, keyId, key, audience: address }, Math.floor(now / 1000)),
          }),
      },
    ],
  }
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new Error('`private_key` of `vertex_credentials` is not a private key')
  }
}

interface Assertion {
  readonly email: string
  readonly keyId: string | null
  readonly key: KeyObject
  readonly audience: string
}

/** A JWT signed with RS256 (RFC 7519, RFC 7518 section 3.3). */
function createAssertion({ email, keyId, key, audience }: Assertion, seconds: number): string {
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === null ? {} : { kid: keyId }) }
  const claims = {
    iss: email,
    scope: cloudScope,
    aud: audience,
    iat: seconds,
    exp: seconds + jwtLifetimeSeconds,
  }
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
}

function userGrant(credentials: JsonRecord): TokenGrant {
  const form = {
    grant_type: 'refresh_token',
    client_id: requireText(credentials, 'client_id'),
    client_secret: requireText(credentials, 'client_secret'),
    refresh_token: requireText(credentials, 'refresh_token'),
  }
  const address = readText(credentials['token_uri']) ?? tokenAddress
  const request = createFormRequest(address, form)
  const steps = [{ kind: 'call', createRequest: () => request }] as const
  return { kind: 'token', account: digest(Object.values(form)), steps }
}

/** The server that tells a machine of Google Cloud who it is. */
const metadataGrant: TokenGrant = {
  kind: 'token',
  account: 'google-metadata-server',
  steps: [
    {
      kind: 'call',
      createRequest: () => ({
        origin: 'http://metadata.google.internal',
        method: 'GET',
        path: '/computeMetadata/v1/instance/service-accounts/default/token',
        headers: ['metadata-flavor', 'Google', 'user-agent', 'routeiq'],
        body: null,
      }),
    },
  ],
}
