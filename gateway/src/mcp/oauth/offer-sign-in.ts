import type { GatewayConfig } from '../../config/config.ts'
import { isSignedInTo } from '../accounts/accounts.ts'
import { ownerOf } from '../accounts/credential.ts'
import type { Downstream } from '../call/downstream.ts'
import { publicBaseOf } from '../native/public-base.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { SignIns } from './sign-ins.ts'

/** An address at which a caller can sign in to a server; null where nobody signs in, or signing in is off. */
export async function offerSignIn(
  signIns: SignIns,
  { mcp, server: http }: GatewayConfig,
  server: McpServer,
  { principal, caller, headers }: Pick<Downstream, 'principal' | 'caller' | 'headers'>,
): Promise<string | null> {
  const owner = ownerOf(caller)
  if (!mcp.oauthEnabled || owner === null || !isSignedInTo(server)) return null
  const base = publicBaseOf(headers['host'] ?? null, http)
  const { url } = await signIns.open(
    {
      ...{ keyHash: principal, owner, serverId: server.settings.serverId, settings: null, scope: null },
      ...{ clientId: null, redirectUri: null, state: null, codeChallenge: null, issuer: null },
      resource: `${base}/mcp/${aliasOf(server)}`,
    },
    base,
  )
  return url
}
