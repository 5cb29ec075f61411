import {
  type JsonRecord,
  parseJson,
  readRecord,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { AccessToken, CallStep, GrantStep, TokenGrant } from '../../transport/authorization.ts'
import { cloudScope, createFormRequest, digest, placeOf, requireText } from './token-call.ts'

const exchangeAddress = 'https://sts.googleapis.com/v1/token'
const sourceLifetimeMs = 300_000

/**
 * Workload identity federation (Google Cloud, "Workload Identity Federation"; RFC 8693): the token of another identity
 * provider, from a file or an address, is exchanged for one of Google's, which may then stand for a service account.
 * Errors: throws an Error that says what of the credentials cannot be used.
 */
export function findExternalGrant(credentials: JsonRecord): TokenGrant {
  const impersonation = readText(credentials['service_account_impersonation_url'])
  const exchanged = [findSource(credentials), exchangeStep(credentials)] as const
  const account = digest(['external_account', JSON.stringify(credentials)])
  if (impersonation === null) return { kind: 'token', account, steps: exchanged }
  return { kind: 'token', account, steps: [...exchanged, impersonationStep(impersonation)] }
}

/** Where the token of the other provider comes from. */
function findSource(credentials: JsonRecord): GrantStep {
  const source = readRecord(credentials['credential_source']) ?? {}
  const format = readRecord(source['format']) ?? {}
  const read = (content: string): string => readSubjectToken(content, format)
  const path = readText(source['file'])
  if (path !== null) return { kind: 'file', path, read }
  const url = readText(source['url'])
  if (url === null)
    throw new Error(
      '`credential_source` of `vertex_credentials` must name a `file` or a `url`; nothing else is available',
    )
  const place = placeOf(url, 'credential_source.url')
  const headers = Object.entries(readRecord(source['headers']) ?? {}).flatMap(([name, value]) => [
    name.toLowerCase(),
    readString(value) ?? '',
  ])
  return {
    kind: 'call',
    createRequest: () => ({
      ...place,
      method: 'GET',
      headers: [...headers, 'user-agent', 'routeiq'],
      body: null,
    }),
    read: (body) => readOrNull(() => ({ token: read(body), lifetimeMs: sourceLifetimeMs })),
  }
}

/** Text, or a member of a JSON object. Errors: throws an Error when it is not there. */
function readSubjectToken(content: string, format: JsonRecord): string {
  if (format['type'] !== 'json') return content.trim()
  const name = readText(format['subject_token_field_name']) ?? 'access_token'
  const token = readText(readRecord(parseJson(content))?.[name])
  if (token === null) throw new Error(`it has no \`${name}\``)
  return token
}

function readOrNull(read: () => AccessToken): AccessToken | null {
  try {
    return read()
  } catch {
    return null
  }
}

function exchangeStep(credentials: JsonRecord): CallStep {
  const address = readText(credentials['token_url']) ?? exchangeAddress
  placeOf(address, 'token_url')
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: requireText(credentials, 'audience'),
    subject_token_type: requireText(credentials, 'subject_token_type'),
    scope: cloudScope,
  }
  return {
    kind: 'call',
    createRequest: (_now, subjectToken) =>
      createFormRequest(address, { ...form, subject_token: subjectToken }),
  }
}

/** `generateAccessToken` of Google's IAM Credentials API. */
function impersonationStep(address: string): CallStep {
  const place = placeOf(address, 'service_account_impersonation_url')
  return {
    kind: 'call',
    createRequest: (_now, token) => ({
      ...place,
      method: 'POST',
      headers: [
        'content-type',
        'application/json',
        'user-agent',
        'routeiq',
        'authorization',
        `Bearer ${token}`,
      ],
      body: Buffer.from(JSON.stringify({ scope: [cloudScope], lifetime: '3600s' })),
    }),
    read: (body, now) => {
      const answer = readRecord(parseJson(body))
      const token = readText(answer?.['accessToken'])
      const lifetimeMs = Date.parse(readString(answer?.['expireTime']) ?? '') - now
      return token === null || !(lifetimeMs > 0) ? null : { token, lifetimeMs }
    },
  }
}
