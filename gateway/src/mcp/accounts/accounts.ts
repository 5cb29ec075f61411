import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import type { AuthorizationServers, Challenge } from '../oauth/authorization-server.ts'
import type { ShortLived } from '../oauth/one-time-values.ts'
import { aliasOf, type McpServer } from '../server.ts'
import {
  type ClientHeaders,
  ownHeaders,
  passedHeaders,
  type TokenSource,
  type UpstreamIdentity,
} from '../upstream/credentials.ts'
import { UpstreamFailure } from '../upstream/upstream-failure.ts'
import type { Credential, TokenSet } from './credential.ts'
import type { Account, Vault } from './vault.ts'

/** The part of a token's life after which another is asked for. */
const renewalShare = 0.8
const lockMs = 15_000
const pollMs = 100
/** As long as an address at which somebody signs in is good for. */
const stepUpMs = 300_000
/** One scope, as RFC 6749 writes it. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export interface AccountsOptions {
  readonly vault: Vault
  readonly authorizationServers: AuthorizationServers
  readonly shared: ShortLived
  readonly now: () => number
}

/** Whose accounts a call uses, and what its client sent. */
export interface OnBehalf {
  readonly owner: string | null
  readonly headers: ClientHeaders
}

type OAuthCredential = Extract<Credential, { kind: 'oauth' }>

/**
 * With which account a tool server is called: the caller's own in the vault, else what the client sends for this server by
 * name, else the server's shared one. Tokens are renewed when four fifths of their life are over.
 */
export class Accounts {
  readonly #options: AccountsOptions
  readonly #renewals = new Map<string, Promise<void>>()
  readonly #own = new WeakMap<McpServer, TokenSet>()
  readonly #asking = new WeakMap<McpServer, Promise<TokenSet>>()
  /** What servers said when they refused a call, by id. */
  readonly #challenges = new Map<string, { readonly challenge: Challenge; readonly at: number }>()

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Errors: rejects with an `UpstreamFailure` of kind `sign_in` when an account is needed. */
  async identify(server: McpServer, { owner, headers }: OnBehalf): Promise<UpstreamIdentity> {
    const account = owner === null ? null : await this.#find(server, owner)
    const passed = passedHeaders(server, headers)
    if (owner !== null && account !== null && isFor(account, server))
      return this.#personal(server, owner, account, passed)
    const isNamed = Object.keys(passed.named).length > 0
    if (!isNamed && needsAccount(server)) throw signInRequired(server)
    return this.#shared(server, { ...passed.let, ...passed.named })
  }

  /** The account the gateway itself looks at a server with: its own, else that of whoever signed in last. */
  async identifyWatcher(server: McpServer): Promise<UpstreamIdentity> {
    const latest = needsAccount(server) ? await this.#findLatest(server) : null
    if (latest === null) return this.#shared(server, {})
    return this.#personal(server, latest.owner, latest.account, { let: {}, named: {} })
  }

  /** A name for the account of whoever signed in last; null while nobody has, and while the database is away. */
  async findLatest(server: McpServer): Promise<string | null> {
    const latest = await this.#findLatest(server)
    return latest === null ? null : keyOf([latest.owner, latest.account.credential.signedInAt])
  }

  /**
   * A server has refused a call and said what it wants. More rights than an account has are wanted still when a token is refused
   * before anybody could sign in for them.
   */
  learn(server: McpServer, challenge: Challenge): void {
    const { serverId } = server.settings
    const now = this.#options.now()
    const known = this.#challenges.get(serverId)
    const isWanted = known?.challenge.isStepUp === true && now - known.at < stepUpMs
    if (!isWanted || challenge.isStepUp) this.#challenges.set(serverId, { challenge, at: now })
  }

  challengeOf(server: McpServer): Challenge | null {
    return this.#challenges.get(server.settings.serverId)?.challenge ?? null
  }

  /** What is configured and what the server asked for, never everything there is. */
  scopesOf(server: McpServer): readonly string[] {
    const asked = this.challengeOf(server)?.scope?.split(' ') ?? []
    return [...new Set([...server.settings.oauth.scopes, ...asked])].filter((word) => scopeToken.test(word))
  }

  async #findLatest(
    server: McpServer,
  ): Promise<{ readonly owner: string; readonly account: Account } | null> {
    const latest = await this.#options.vault.findLatest(server.settings.serverId).catch(() => null)
    return latest !== null && isFor(latest.account, server) ? latest : null
  }

  /** Whoever was away without an account may have signed in elsewhere meanwhile: absence is not taken from memory. */
  async #find(server: McpServer, owner: string): Promise<Account | null> {
    const { vault } = this.#options
    const { serverId } = server.settings
    const known = await vault.find(owner, serverId)
    if (known?.status === 'ready' || !needsAccount(server)) return known
    vault.forget(owner, serverId)
    return vault.find(owner, serverId)
  }

  #personal(
    server: McpServer,
    owner: string,
    { credential, status }: Account,
    passed: ReturnType<typeof passedHeaders>,
  ): UpstreamIdentity {
    if (status !== 'ready') throw signInRequired(server)
    const headers = { ...server.settings.staticHeaders, ...passed.let, ...passed.named }
    const key = keyOf([owner, credential.signedInAt, passed])
    if (credential.kind === 'entered') return { key, headers: { ...headers, ...credential.headers } }
    const { authorization: _, ...others } = headers
    return { key, headers: others, tokens: this.#tokensOf(server, owner) }
  }

  #shared(server: McpServer, passed: Readonly<Record<string, string>>): UpstreamIdentity {
    const isPlain = Object.keys(passed).length === 0
    const own = server.settings.isByok ? {} : ownHeaders(server)
    const headers = { ...server.settings.staticHeaders, ...own, ...passed }
    const key = isPlain ? 'own' : keyOf(Object.entries(passed).sort())
    const isMachine = usesMachineAccount(server) && passed['authorization'] === undefined
    return isMachine ? { key, headers, tokens: this.#machineTokens(server) } : { key, headers }
  }

  #tokensOf(server: McpServer, owner: string): TokenSource {
    return {
      token: async () => {
        const { credential, account } = await this.#require(server, owner)
        if (isDue(credential.tokens, this.#options.now())) await this.#renewOnce(server, owner, account)
        return (await this.#require(server, owner)).credential.tokens.accessToken
      },
      onUnauthorized: async (refused) => {
        this.#options.vault.forget(owner, server.settings.serverId)
        const { credential, account } = await this.#require(server, owner)
        // A call that was under way while the token was renewed is refused with the one before.
        if (refused === null || credential.tokens.accessToken === refused)
          await this.#renewOnce(server, owner, account, true)
      },
    }
  }

  async #require(
    server: McpServer,
    owner: string,
  ): Promise<{ readonly account: Account; readonly credential: OAuthCredential }> {
    const account = await this.#options.vault.find(owner, server.settings.serverId)
    if (account === null || account.status !== 'ready' || account.credential.kind !== 'oauth')
      throw signInRequired(server)
    return { account, credential: account.credential }
  }

  /** Several calls that find a token old wait for one renewal. */
  #renewOnce(server: McpServer, owner: string, account: Account, isRefused = false): Promise<void> {
    const key = JSON.stringify([owner, server.settings.serverId])
    const running = this.#renewals.get(key)
    if (running !== undefined) return running
    const renewal = this.#renew(server, owner, account, isRefused).finally(() => this.#renewals.delete(key))
    this.#renewals.set(key, renewal)
    return renewal
  }

  async #renew(server: McpServer, owner: string, account: Account, isRefused: boolean): Promise<void> {
    const { vault, authorizationServers, shared, now } = this.#options
    const credential = account.credential as OAuthCredential
    const { tokens } = credential
    const isUsable = !isRefused && (tokens.expiresAt === null || tokens.expiresAt > now())
    if (tokens.refreshToken === null) {
      if (isUsable) return
      await vault.renew(owner, server.settings.serverId, { credential, status: 'auth_required' })
      throw signInRequired(server)
    }
    const digest = createHash('sha256').update(tokens.accessToken).digest('hex')
    if (!(await shared.claim(`mcp:renewal:${digest}`, lockMs)))
      return this.#awaitOthers(server, owner, tokens)
    try {
      const next = await authorizationServers.refresh(server, credential.issuer, tokens)
      await vault.renew(owner, server.settings.serverId, {
        credential: {
          ...credential,
          tokens: { ...next, refreshToken: next.refreshToken ?? tokens.refreshToken },
        },
        status: 'ready',
      })
    } catch (error) {
      if (isUsable) return
      // An outage is no refusal: the account is asked for again only when it is really of no use any more.
      if (!(error instanceof GatewayError) || error.code !== 'token_exchange_failed')
        throw new UpstreamFailure('unreachable', `The account at ${aliasOf(server)} could not be renewed.`)
      await vault.renew(owner, server.settings.serverId, { credential, status: 'auth_required' })
      throw signInRequired(server)
    }
  }

  /** Another process renews this account. */
  async #awaitOthers(server: McpServer, owner: string, before: TokenSet): Promise<void> {
    const { vault, now } = this.#options
    const deadline = now() + lockMs
    while (now() < deadline) {
      await sleep(pollMs)
      vault.forget(owner, server.settings.serverId)
      const { credential } = await this.#require(server, owner)
      if (credential.tokens.accessToken !== before.accessToken) return
    }
  }

  #machineTokens(server: McpServer): TokenSource {
    return {
      token: async () => {
        const known = this.#own.get(server)
        const isFresh = known !== undefined && !isDue(known, this.#options.now())
        return (isFresh ? known : await this.#askOwn(server)).accessToken
      },
      onUnauthorized: async () => {
        await this.#askOwn(server)
      },
    }
  }

  #askOwn(server: McpServer): Promise<TokenSet> {
    const running = this.#asking.get(server)
    if (running !== undefined) return running
    const asking = this.#options.authorizationServers
      .grantToClient(server, this.challengeOf(server))
      .then((tokens) => {
        this.#own.set(server, tokens)
        return tokens
      })
      .catch((error: unknown) => {
        const message = error instanceof GatewayError ? error.message : 'no token could be had'
        throw new UpstreamFailure('auth_required', `${aliasOf(server)}: ${message}`)
      })
      .finally(() => this.#asking.delete(server))
    this.#asking.set(server, asking)
    return asking
  }
}

/** Whether people sign in to a server themselves. */
export function isSignedInTo({ settings }: McpServer): boolean {
  return (
    settings.authType === 'oauth2' &&
    settings.oauth.flow === 'authorization_code' &&
    settings.url !== null &&
    settings.authValue === null
  )
}

/** Whether nobody may call a server without an account of their own. */
export function needsAccount(server: McpServer): boolean {
  return server.settings.isByok || isSignedInTo(server)
}

function usesMachineAccount({ settings: { authType, oauth } }: McpServer): boolean {
  return authType === 'oauth2' && oauth.flow === 'client_credentials'
}

/** A server that has moved elsewhere does not get what was meant for the place it was at. */
function isFor({ credential }: Account, { settings: { url } }: McpServer): boolean {
  return credential.origin === (url === null ? '' : new URL(url).origin)
}

function isDue({ obtainedAt, expiresAt }: TokenSet, now: number): boolean {
  return expiresAt !== null && now >= obtainedAt + (expiresAt - obtainedAt) * renewalShare
}

function signInRequired(server: McpServer): UpstreamFailure {
  return new UpstreamFailure('sign_in', `${aliasOf(server)} needs an account of yours.`)
}

function keyOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
