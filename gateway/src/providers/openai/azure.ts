import type { AccountConfig, Wire } from '../wire.ts'
import { findAzureGrant } from './azure-authorization.ts'
import { azureAiPaths, azurePaths, azureResponsesPaths, isFoundry } from './azure-paths.ts'
import { openaiWire } from './openai.ts'
import { responsesWire } from './responses/responses.ts'

/** OpenAI's protocol at Azure's addresses, with Azure's ways to log in. */
export const azureWire: Wire = {
  ...openaiWire,
  id: 'azure',
  pathsFor: azurePaths,
  versionSegment: null,
  authHeaders: (apiKey, { account }) => keyHeaders(apiKey, account, 'api-key'),
  findAuthorization: findAzureGrant,
}

/** OpenAI's Responses at Azure's addresses. */
export const azureResponsesWire: Wire = {
  ...responsesWire,
  id: 'azure-responses',
  pathsFor: azureResponsesPaths,
  versionSegment: azureWire.versionSegment,
  authHeaders: azureWire.authHeaders,
  findAuthorization: findAzureGrant,
}

/** The same for models of other makers on Azure. */
export const azureAiWire: Wire = {
  ...azureWire,
  id: 'azure_ai',
  pathsFor: azureAiPaths,
  authHeaders: (apiKey, { account }) => {
    const base = account?.apiBase ?? ''
    const takesKey = URL.canParse(base) && isFoundry(new URL(base))
    return keyHeaders(apiKey, account, takesKey ? 'api-key' : 'authorization')
  },
}

/** Errors: throws an Error for a token this release cannot obtain. */
function keyHeaders(
  apiKey: string | null,
  account: AccountConfig | undefined,
  header: 'api-key' | 'authorization',
): readonly string[] {
  if (apiKey !== null && apiKey !== '')
    return header === 'api-key' ? [header, apiKey] : [header, `Bearer ${apiKey}`]
  const token = account?.account['azure_ad_token']
  if (token === undefined) return []
  if (token.startsWith('oidc/'))
    throw new Error('`azure_ad_token: oidc/…` is not available; use a token or a client secret')
  return ['authorization', `Bearer ${token}`]
}
