import { isSignedInTo } from '../accounts/accounts.ts'
import type { McpPlane } from '../mcp-plane.ts'
import { isNameOf } from '../server.ts'

/** What a client needs at one address of the endpoint, and whether it can sign in there. */
export interface ResourceAccess {
  readonly scopes: readonly string[]
  readonly hasSignIn: boolean
}

/** Where nobody signs in, a key of the gateway is what is needed. */
const byKey: ResourceAccess = { scopes: ['mcp'], hasSignIn: false }

/** Errors: rejects while the registry of servers people sign in to cannot be read. */
export async function findResourceAccess(mcp: McpPlane, selector: string | null): Promise<ResourceAccess> {
  if (!mcp.config().mcp.oauthEnabled || selector === null) return byKey
  const { registry, oauth } = await mcp.requireGateway()
  const server = registry.servers.find((one) => isNameOf(one, selector) && isSignedInTo(one))
  if (server === undefined) return byKey
  const scopes = oauth.accounts.scopesOf(server)
  return { scopes: scopes.length === 0 ? byKey.scopes : scopes, hasSignIn: true }
}
