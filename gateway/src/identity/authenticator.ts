import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '@routeiq/contract'
import type { IdentityConfig } from '../config/config.ts'
import { readKeyGovernance } from '../governance/workspaces/workspace.ts'
import type { AuthClass } from '../http/router.ts'
import type { KeyPrincipal } from '../storage/key-store.ts'
import type { SubjectKind } from '../storage/subject-store.ts'
import { anonymousCaller, type Caller, configuredCaller, maskKey } from './caller.ts'
import { readCredential } from './credential.ts'
import { digestKey, digestPepperedKey, equalDigests } from './key-digest.ts'
import type { AdmitToken } from './provided-holder.ts'
import { RouteRules } from './route-rules.ts'
import { storedCaller } from './stored-caller.ts'

const maxCachedCredentials = 50_000
const maxCredentialLength = 1_024
/** Tokens of others carry claims. */
const maxTokenLength = 8_192
const unknownTtlMs = 5_000
/** Refusals of the admin class carry `detail` in every dialect. */
const withDetail = { extras: {} }

/** Somebody keys belong to, or a budget they refer to, that was made, changed or deleted. */
export interface ChangedSubject {
  readonly kind: SubjectKind
  readonly id: string
}

export interface KeyLookup {
  findPrincipal(tokenHash: string): Promise<KeyPrincipal | null>
}

interface CachedCredential {
  readonly caller: Caller | null
  readonly principal: KeyPrincipal | null
  readonly freshUntil: number
}

interface LookUp {
  /** `#changes` when the read began. */
  readonly changes: number
  readonly entry: Promise<CachedCredential>
}

const unknownCredential: CachedCredential = { caller: null, principal: null, freshUntil: 0 }
const nobodyElse = (): boolean => false
const openAdmin: Caller = { ...anonymousCaller, isAdmin: true }

/**
 * Turns a credential into a caller. Known credentials are one Map look-up; a miss costs one digest and one key
 * store read, however many requests wait for it. Cached entries live for `keyCacheTtlMs` and are dropped at once by `forget`.
 */
export class Authenticator {
  readonly #config: IdentityConfig
  readonly #keyHeaderName: string | null
  readonly #keys: KeyLookup
  readonly #admitToken: AdmitToken | null
  readonly #now: () => number
  readonly #open: boolean
  readonly #routes: RouteRules
  readonly #configured: readonly { readonly digest: string; readonly caller: Caller }[]
  readonly #cache = new Map<string, CachedCredential>()
  /** Look-ups under way. */
  readonly #lookUps = new Map<string, LookUp>()
  /** By the digest of their key, for tokens that stand for one; what was presented is never looked up here. */
  readonly #byDigest = new Map<string, CachedCredential>()
  /** Counts calls of `forget`. */
  #changes = 0

  /**
   * `open` serves the data plane without a key (loopback bind or explicitly insecure). `admitToken` is asked about credentials that
   * are no keys.
   */
  constructor(options: {
    readonly config: IdentityConfig
    readonly keys: KeyLookup
    readonly now: () => number
    readonly open: boolean
    readonly admitToken?: AdmitToken | null
  }) {
    this.#config = options.config
    // Node gives header names in lower case.
    this.#keyHeaderName = options.config.keyHeaderName?.toLowerCase() ?? null
    this.#keys = options.keys
    this.#admitToken = options.admitToken ?? null
    this.#now = options.now
    this.#open = options.open
    this.#routes = new RouteRules(options.config.routes)
    this.#configured = configuredKeys(options.config)
  }

  /**
   * Throws GatewayError as the authentication tables of the two route classes say. `alsoAdmits` widens that of admins. The rules
   * of the operator about routes hold where `template` says which one is called.
   */
  authenticate(
    headers: IncomingHttpHeaders,
    auth: AuthClass,
    alsoAdmits: (caller: Caller) => boolean = nobodyElse,
    template: string | null = null,
  ): Caller | Promise<Caller> {
    const caller = this.#identify(headers, auth, alsoAdmits, template)
    if (template === null) return caller
    return caller instanceof Promise
      ? caller.then((found) => this.#holdToRules(found, template))
      : this.#holdToRules(caller, template)
  }

  #holdToRules(caller: Caller, template: string): Caller {
    this.#routes.require(caller, template)
    return caller
  }

  #identify(
    headers: IncomingHttpHeaders,
    auth: AuthClass,
    alsoAdmits: (caller: Caller) => boolean,
    template: string | null,
  ): Caller | Promise<Caller> {
    if (auth === 'admin' && this.#isAdminPlaneOpen()) return openAdmin
    const credential = readCredential(headers, this.#keyHeaderName)
    if (credential.kind !== 'key') return this.#withoutKey(credential.kind, auth, template)
    // Longer than any key can be; not worth a digest, a look-up or a place in the cache.
    if (credential.value.length > (this.#admitToken === null ? maxCredentialLength : maxTokenLength))
      return this.#admit(unknownCredential, credential.value, auth, alsoAdmits)
    const cached = this.#cache.get(credential.value)
    if (cached !== undefined && cached.freshUntil > this.#now())
      return this.#admit(cached, credential.value, auth, alsoAdmits)
    return this.#lookUpOnce(credential.value, cached).then((entry) =>
      this.#admit(entry, credential.value, auth, alsoAdmits),
    )
  }

  /** The caller whose key has this digest. Errors: as `authenticate` for a key that is gone, blocked or over. */
  async findCaller(keyHash: string): Promise<Caller> {
    const configured = this.#configured.find(({ digest }) => equalDigests(digest, keyHash))
    if (configured !== undefined) return configured.caller
    const cached = this.#byDigest.get(keyHash)
    const isFresh = cached !== undefined && cached.freshUntil > this.#now()
    const { caller, principal } = isFresh ? cached : await this.#lookUpDigest(keyHash)
    if (caller === null || principal === null)
      throw new GatewayError('invalid_api_key', 'Authentication Error, the key of this token is gone.')
    refuseUnusable(principal, this.#now())
    return caller
  }

  async #lookUpDigest(keyHash: string): Promise<CachedCredential> {
    const changesBefore = this.#changes
    const principal = await this.#keys.findPrincipal(keyHash)
    const caller = principal === null ? null : storedCaller(principal)
    const entry = { caller, principal, freshUntil: this.#now() + this.#config.keyCacheTtlMs }
    if (this.#byDigest.size >= maxCachedCredentials) this.#byDigest.clear()
    if (principal !== null && changesBefore === this.#changes) this.#byDigest.set(keyHash, entry)
    return entry
  }

  /**
   * Drops what is cached about these keys, and every cached "unknown", so that a change, revocation or new key
   * counts from the next request on.
   */
  forget(tokenHashes: readonly string[]): void {
    this.#changes += 1
    this.#byDigest.clear()
    const hashes = new Set(tokenHashes)
    for (const [credential, entry] of this.#cache) {
      const changed = entry.principal !== null && isAnyOf(entry.principal, hashes)
      if (changed || entry.caller === null) this.#cache.delete(credential)
    }
  }

  /** Drops what is cached about keys of these users, teams, organizations and budgets. */
  forgetSubjects(changed: readonly ChangedSubject[]): void {
    this.#changes += 1
    this.#byDigest.clear()
    const names = new Set(changed.map(({ kind, id }) => `${kind} ${id}`))
    for (const [credential, { principal }] of this.#cache) {
      if (principal !== null && ownersOf(principal).some((name) => names.has(name)))
        this.#cache.delete(credential)
    }
  }

  /** How many credentials are in memory. */
  get cachedKeys(): number {
    return this.#cache.size
  }

  /** The digest new key rows are stored under. */
  storedDigest(key: string): string {
    return this.#config.keyPepper === null ? digestKey(key) : digestPepperedKey(key, this.#config.keyPepper)
  }

  /** True when admin routes ask for no key at all. Errors: 403 when they may not be called whatever the key. */
  #isAdminPlaneOpen(): boolean {
    const { adminAuthEnabled, environment } = this.#config
    if (!adminAuthEnabled) {
      if (environment !== null && environment !== 'production') return true
      throw new GatewayError(
        'admin_auth_disabled_in_production',
        'ADMIN_AUTH_ENABLED=false needs ROUTEIQ_ENV set to a value other than production.',
        withDetail,
      )
    }
    if (this.#configured.length > 0) return false
    throw new GatewayError(
      'control_plane_not_configured',
      'No master key and no admin key is configured. Set LITELLM_MASTER_KEY or ADMIN_API_KEYS and restart.',
      withDetail,
    )
  }

  #withoutKey(kind: 'none' | 'malformed', auth: AuthClass, template: string | null): Caller {
    if (auth === 'admin') {
      throw new GatewayError(
        'admin_key_required',
        'This route needs an admin key: send X-Admin-API-Key or Authorization: Bearer <key>.',
        withDetail,
      )
    }
    if (kind === 'malformed') {
      throw new GatewayError(
        'invalid_api_key',
        'Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.',
      )
    }
    if (this.#open || (template !== null && this.#routes.isPublic(template))) return anonymousCaller
    throw new GatewayError('invalid_api_key', 'Authentication Error, No api key passed in.')
  }

  /** Joins the look-up of the same credential that is under way, unless keys have changed since it began. */
  #lookUpOnce(credential: string, stale: CachedCredential | undefined): Promise<CachedCredential> {
    const underWay = this.#lookUps.get(credential)
    if (underWay !== undefined && underWay.changes === this.#changes) return underWay.entry
    const lookUp = {
      changes: this.#changes,
      entry: this.#lookUp(credential, stale).finally(() => {
        if (this.#lookUps.get(credential) === lookUp) this.#lookUps.delete(credential)
      }),
    }
    this.#lookUps.set(credential, lookUp)
    return lookUp.entry
  }

  async #lookUp(credential: string, stale: CachedCredential | undefined): Promise<CachedCredential> {
    const configured = this.#findConfigured(credential)
    if (configured !== null)
      return this.#remember(credential, {
        caller: configured,
        principal: null,
        freshUntil: Number.POSITIVE_INFINITY,
      })
    const changesBefore = this.#changes
    const principal =
      (await this.#findStored(credential, stale)) ?? (await this.#admitToken?.(credential)) ?? null
    const caller = principal === null ? null : storedCaller(principal)
    const ttl = principal === null ? unknownTtlMs : this.#config.keyCacheTtlMs
    const entry = { caller, principal, freshUntil: this.#now() + ttl }
    // A key that changed while it was read may have been read as it was before.
    const isKept =
      changesBefore === this.#changes && (caller !== null || credential.length <= maxCredentialLength)
    return isKept ? this.#remember(credential, entry) : entry
  }

  #findConfigured(credential: string): Caller | null {
    const digest = digestKey(credential)
    let found: Caller | null = null
    for (const member of this.#configured) if (equalDigests(member.digest, digest)) found = member.caller
    return found
  }

  async #findStored(credential: string, stale: CachedCredential | undefined): Promise<KeyPrincipal | null> {
    try {
      const byDigest = await this.#keys.findPrincipal(digestKey(credential))
      if (byDigest !== null || this.#config.keyPepper === null) return byDigest
      return await this.#keys.findPrincipal(this.storedDigest(credential))
    } catch (error) {
      if (stale?.principal != null && this.#config.allowRequestsOnDbUnavailable) return stale.principal
      if (error instanceof GatewayError) throw error
      throw new GatewayError('storage_unavailable', 'The key store did not answer; try again shortly.', {
        cause: error,
        retryAfterSeconds: 1,
      })
    }
  }

  #remember(credential: string, entry: CachedCredential): CachedCredential {
    if (this.#cache.size >= maxCachedCredentials) {
      const oldest = this.#cache.keys().next().value
      if (oldest !== undefined) this.#cache.delete(oldest)
    }
    this.#cache.set(credential, entry)
    return entry
  }

  #admit(
    entry: CachedCredential,
    credential: string,
    auth: AuthClass,
    alsoAdmits: (caller: Caller) => boolean,
  ): Caller {
    if (entry.caller === null) {
      // SDKs insist on sending some key; an open gateway has no use for it.
      if (this.#open && auth === 'user') return anonymousCaller
      throw unknownKey(credential, auth)
    }
    if (entry.principal !== null) refuseUnusable(entry.principal, this.#now())
    if (auth === 'admin' && !entry.caller.isAdmin && !alsoAdmits(entry.caller)) {
      throw new RefusedCaller(entry.caller)
    }
    return entry.caller
  }
}

function configuredKeys(config: IdentityConfig): { digest: string; caller: Caller }[] {
  const members: { digest: string; caller: Caller }[] = []
  const add = (kind: 'master' | 'admin', key: string): void => {
    for (const form of [key, `${config.keyPrefix}${key}`]) {
      const digest = digestKey(form)
      members.push({ digest, caller: configuredCaller(kind, key, digest) })
    }
  }
  if (config.masterKey !== null) add('master', config.masterKey)
  for (const key of config.adminKeys) add('admin', key)
  return members
}

/** Somebody who is known, and may not. */
export class RefusedCaller extends GatewayError {
  readonly caller: Caller

  constructor(caller: Caller) {
    super('permission_denied', 'This route needs an admin key; the key presented is not one.', {
      extras: { required_permission: 'proxy_admin' },
    })
    this.caller = caller
  }
}

/** A key was presented and nobody knows it: what guessing looks like. */
export class UnknownKey extends GatewayError {}

function unknownKey(credential: string, auth: AuthClass): UnknownKey {
  if (auth === 'admin')
    return new UnknownKey('invalid_admin_key', 'The key presented is not a valid admin key.', withDetail)
  const masked = maskKey(credential)
  if (!credential.startsWith('sk-')) {
    return new UnknownKey(
      'invalid_api_key',
      `Invalid API key: LiteLLM Virtual Key expected. Received=${masked}, expected to start with 'sk-'.`,
    )
  }
  return new UnknownKey(
    'invalid_api_key',
    `Invalid API key: Authentication Error, Invalid proxy server token passed. Received API Key=${masked}. Unable to find token in cache or LiteLLM_VerificationTokenTable`,
  )
}

/** Limits of a key hold for those made with it, too. */
function isAnyOf({ key, makers }: KeyPrincipal, hashes: ReadonlySet<string>): boolean {
  return hashes.has(key.tokenHash) || makers.some((maker) => hashes.has(maker.tokenHash))
}

/** Those whose change changes what the key may do, also where they do not exist yet. */
function ownersOf({ key, makers, team, organization, user, member, budgets }: KeyPrincipal): string[] {
  const referring = [key, ...makers, team, organization, user, member].map(
    (record) => record?.settings['budget_id'],
  )
  return [
    `user ${key.userId}`,
    `team ${key.teamId}`,
    `organization ${key.organizationId ?? organization?.id}`,
    `workspace ${readKeyGovernance(key.settings)?.workspace_id ?? key.teamId}`,
    ...[...referring, ...budgets.map(({ id }) => id)].map((id) => `budget ${id}`),
  ]
}

function refuseUnusable({ key, retiresAt, team, user }: KeyPrincipal, now: number): void {
  if (key.blocked) {
    throw new GatewayError('key_blocked', `Key is blocked. Ask an admin to unblock ${key.keyName}.`)
  }
  if (team?.blocked === true) {
    throw new GatewayError(
      'key_blocked',
      `Team=${team.id} is blocked. Update via \`/team/unblock\` if your admin.`,
    )
  }
  if (user?.blocked === true) throw new GatewayError('key_blocked', `User=${user.id} is blocked.`)
  const expiresAt = Math.min(key.expiresAt ?? Number.POSITIVE_INFINITY, retiresAt ?? Number.POSITIVE_INFINITY)
  if (expiresAt <= now) {
    const expiry = new Date(expiresAt).toISOString()
    throw new GatewayError(
      'expired_key',
      `Authentication Error - Expired Key. Key Expiry time ${expiry} and current time ${new Date(now).toISOString()}`,
    )
  }
}
