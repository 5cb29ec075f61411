import { createHash } from 'node:crypto'
import type { TokenGrant } from '../../transport/authorization.ts'
import type { AccountConfig } from '../wire.ts'

const defaultScope = 'https://cognitiveservices.azure.com/.default'
const defaultAuthority = 'https://login.microsoftonline.com'
const grantParts = ['tenant_id', 'client_id', 'client_secret'] as const

/**
 * Microsoft Entra's client-credentials grant (OAuth 2.0, RFC 6749 section 4.4), for accounts that have neither a key
 * nor a token. Null when the account names no application. Errors: throws an Error when it names half of one.
 */
export function findAzureGrant({ apiKey, account }: AccountConfig): TokenGrant | null {
  if (apiKey !== null || account['azure_ad_token'] !== undefined) return null
  const given = grantParts.filter((name) => account[name] !== undefined)
  if (given.length === 0) return null
  const missing = grantParts.filter((name) => account[name] === undefined)
  if (missing.length > 0) {
    throw new Error(
      `logging in with Microsoft Entra also needs ${missing.map((name) => `\`${name}\``).join(', ')}`,
    )
  }
  return createGrant(account)
}

function createGrant(account: AccountConfig['account']): TokenGrant {
  const { tenant_id = '', client_id = '', client_secret = '' } = account
  const scope = account['azure_scope'] ?? defaultScope
  const url = new URL(`/${encodeURIComponent(tenant_id)}/oauth2/v2.0/token`, authorityOf(account))
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret, scope })
  const identity = [url.href, client_id, client_secret, scope].join('\n')
  const request = {
    origin: url.origin,
    method: 'POST',
    path: url.pathname,
    headers: ['content-type', 'application/x-www-form-urlencoded', 'user-agent', 'routeiq'],
    body: Buffer.from(form.toString()),
  } as const
  return {
    kind: 'token',
    account: createHash('sha256').update(identity).digest('hex'),
    steps: [{ kind: 'call', createRequest: () => request }],
  }
}

/** National clouds log in elsewhere. */
function authorityOf(account: AccountConfig['account']): string {
  const authority = account['azure_authority_host'] ?? defaultAuthority
  const url = authority.includes('://') ? authority : `https://${authority}`
  if (!URL.canParse(url)) throw new Error('`azure_authority_host` is not a URL')
  return url
}
