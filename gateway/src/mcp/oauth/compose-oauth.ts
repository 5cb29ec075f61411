import type { McpConfig } from '../../config/config.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { UserEgress } from '../../transport/egress/user-egress.ts'
import type { Transport } from '../../transport/transport.ts'
import type { McpAccountStore } from '../accounts/account-store.ts'
import { Accounts } from '../accounts/accounts.ts'
import { Vault } from '../accounts/vault.ts'
import type { McpServer } from '../server.ts'
import { createGuardedFetch, type Fetch } from '../upstream/guarded-fetch.ts'
import { AuthorizationServers } from './authorization-server.ts'
import { GatewayClients } from './gateway-clients.ts'
import { GatewayTokens } from './gateway-tokens.ts'
import type { ShortLived } from './one-time-values.ts'
import { SignIns } from './sign-ins.ts'

export interface OAuthOptions {
  readonly config: () => McpConfig
  readonly store: McpAccountStore
  /** What accounts are sealed with; null when nothing is configured. */
  readonly keyRing: KeyRing
  readonly secret: string | null
  readonly shared: ShortLived
  readonly egress: UserEgress
  readonly userTransport: Transport
  /** As tool servers themselves are called. */
  readonly fetches: Readonly<Record<McpServer['source'], Fetch>>
  readonly findServer: (serverId: string) => McpServer | null
  readonly now: () => number
}

export interface OAuthParts {
  readonly store: McpAccountStore
  readonly vault: Vault
  readonly accounts: Accounts
  readonly signIns: SignIns
  readonly clients: GatewayClients
  readonly tokens: GatewayTokens
}

/** Accounts at tool servers, and how people sign in to them. */
export function composeOAuth(options: OAuthOptions): OAuthParts {
  const { config, store, keyRing, secret, shared, egress, userTransport, fetches, findServer, now } = options
  const foreign = createGuardedFetch(userTransport, (url) => egress.refuseUrl(url))
  const vault = new Vault(store, { keyRing, secret }, now)
  const authorizationServers = new AuthorizationServers({
    fetchFor: (server) => bounded(fetchFor(server, fetches, foreign), () => config().metadataTimeoutMs),
    now,
  })
  const accounts = new Accounts({ vault, authorizationServers, shared, now })
  return {
    store,
    vault,
    accounts,
    signIns: new SignIns({ store, vault, accounts, authorizationServers, shared, findServer, now }),
    clients: new GatewayClients(() => vault.requireSealer(), foreign),
    tokens: new GatewayTokens(store, now),
  }
}

/** What whoever defined the server wrote down is theirs; whatever was read in a document is nobody's in particular. */
function fetchFor({ settings, source }: McpServer, fetches: OAuthOptions['fetches'], foreign: Fetch): Fetch {
  const { url, oauth } = settings
  const written = [url, oauth.authorizationUrl, oauth.tokenUrl, oauth.registrationUrl]
  const origins = new Set(written.flatMap((text) => (text === null ? [] : [new URL(text).origin])))
  return (target, init) => (origins.has(new URL(target).origin) ? fetches[source] : foreign)(target, init)
}

function bounded(fetch: Fetch, timeoutMs: () => number): Fetch {
  return (url, init = {}) => fetch(url, { ...init, signal: init.signal ?? AbortSignal.timeout(timeoutMs()) })
}
