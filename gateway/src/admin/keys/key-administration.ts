import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { GovernanceConfig } from '../../config/config.ts'
import { accountOfKey, mainBudget } from '../../governance/allowances.ts'
import { type CurrentSpend, currentSpend } from '../../governance/current-spend.ts'
import { keyGovernanceMember } from '../../governance/workspaces/workspace.ts'
import { actorOf, type Caller, maskKey } from '../../identity/caller.ts'
import { digestKey } from '../../identity/key-digest.ts'
import { defaultWorkspace } from '../../identity/workspace.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { KeyRing, SealedPlace } from '../../secrets/key-ring.ts'
import type { KeyRecord, KeyStore, NewKey, ThroughputShare } from '../../storage/key-store.ts'
import type { SpendTotals } from '../../storage/spend-totals.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'
import { formatBudget } from '../governance/shared-budget.ts'
import { addDuration } from './key-duration.ts'
import { formatKeyRow, withoutNotes } from './key-row.ts'
import type { GenerateKeyBody, RegenerateKeyBody, UpdateKeyBody } from './key-schema.ts'
import { concernsThroughput, listThroughputShares, type ModelGroups } from './throughput-shares.ts'

const minimumProductionSecret = 16

export interface KeyAdministrationDependencies {
  readonly identity: Identity
  readonly keys: KeyStore
  readonly subjects: SubjectStore
  readonly totals: SpendTotals
  readonly quotas: Pick<Quotas, 'limitOf'>
  readonly settings: () => GovernanceConfig
  /** Models by name: what keys may be promised of them. */
  readonly groups: () => ModelGroups
  readonly keyPrefix: string
  readonly production: boolean
  readonly now: () => number
  /** Called with the digests of changed keys, so that every process drops what it has cached. */
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
}

/** How a key gets another text. */
interface Replacement {
  /** Of the old text; null for now. */
  readonly validUntil: number | null
  /** The new text, sealed, for the holder of the old one. */
  readonly handover: string | null
  readonly notes: Readonly<Record<string, unknown>>
}

/** Where the text is kept that takes the place of a key. */
export const handoverPlace = (retiredHash: string): SealedPlace => ({
  table: 'retired_keys',
  row: retiredHash,
})

/** Who made a key for themselves, and with which one; null for one that is not stored. */
export interface Minting {
  readonly by: string
  readonly with: KeyRecord | null
}

/** A key that was just made or renewed: the only time its text is shown. */
export interface IssuedKey {
  readonly key: string
  readonly record: KeyRecord
}

/** Makes, changes and shows virtual keys, whoever asks; who may, the routes decide. */
export class KeyAdministration {
  readonly #deps: KeyAdministrationDependencies

  constructor(deps: KeyAdministrationDependencies) {
    this.#deps = deps
  }

  /**
   * `minting` is given where somebody makes it for themselves. Errors: 400 for what exceeds the operator's bounds or a text too short for
   * production, 409 for what is taken.
   */
  async generate(
    given: GenerateKeyBody,
    caller: Caller | null,
    minting: Minting | null = null,
  ): Promise<IssuedKey> {
    const { keys, quotas, settings } = this.#deps
    const body: GenerateKeyBody = { ...settings().keyDefaults, ...withoutNothing(given) }
    this.#requireWithinBounds(body)
    const key = this.#textOf(body.key ?? null)
    const limit = quotas.limitOf(body.organization_id ?? defaultWorkspace, 'keys')
    const made = this.#newKey(body, key, caller)
    const accounts = accountsOf(minting?.with ?? null)
    const own = {
      ...(await this.#governanceOf(caller)),
      ...(minting !== null && { minted_by: minting.by, minted_from: accounts }),
    }
    const shares = await this.#sharesOf(made)
    const makers = await this.#addSpender(accounts, made.tokenHash)
    const record = await keys.create({ ...made, settings: { ...made.settings, ...own } }, limit, shares)
    this.#deps.onKeysChanged([record.tokenHash, ...makers])
    return { key, record }
  }

  /** What is left out stays; `duration: null` makes a key that never expires. */
  async update(record: KeyRecord, body: Omit<UpdateKeyBody, 'key'>): Promise<KeyRecord> {
    this.#requireWithinBounds(body)
    const changes = this.#changes(body)
    const whole = { ...record, ...changes, settings: { ...record.settings, ...changes.settings } }
    const shares = concernsThroughput(body) ? await this.#sharesOf(whole) : []
    const changed = await this.#deps.keys.update(record.tokenHash, changes, shares)
    this.#deps.onKeysChanged([record.tokenHash])
    if (changed === null) throw noSuchKey(record.tokenHash)
    return changed
  }

  /** What was spent so far, and every limit, stay with the key. */
  async regenerate(record: KeyRecord, body: RegenerateKeyBody): Promise<IssuedKey> {
    const { key: _, new_key, grace_period, ...changes } = body
    const key = this.#textOf(new_key ?? null)
    const validUntil = grace_period == null ? null : addDuration(this.#deps.now(), grace_period)
    const renewed = await this.#replace(record, key, { validUntil, handover: null, notes: {} })
    if (renewed === null) throw noSuchKey(record.tokenHash)
    const hasChanges = Object.keys(changes).length > 0
    return { key, record: hasChanges ? await this.update(renewed, changes) : renewed }
  }

  /**
   * Gives a key another text by itself, and leaves it for whoever holds the old one. Null where somebody else has just changed
   * the key. Errors: 503 `encryption_not_configured`.
   */
  async rotate(record: KeyRecord, gracePeriod: string, keyRing: KeyRing): Promise<KeyRecord | null> {
    const key = this.#textOf(null)
    const { rotation_count: count } = record.settings
    return this.#replace(record, key, {
      validUntil: addDuration(this.#deps.now(), gracePeriod),
      handover: keyRing.seal(handoverPlace(record.tokenHash), key),
      notes: {
        last_rotation_at: new Date(this.#deps.now()).toISOString(),
        rotation_count: (typeof count === 'number' ? count : 0) + 1,
      },
    })
  }

  async #replace(
    record: KeyRecord,
    key: string,
    { validUntil, handover, notes }: Replacement,
  ): Promise<KeyRecord | null> {
    const { keys, identity, onKeysChanged } = this.#deps
    const tokenHash = identity.authenticator.storedDigest(key)
    const renewed = await keys.regenerate(record.tokenHash, {
      ...{ tokenHash, keyName: maskKey(key) },
      ...{ validUntil, handover },
      settings: { former_hashes: [accountOfKey(record)], ...notes },
    })
    if (renewed !== null) onKeysChanged([record.tokenHash, tokenHash])
    return renewed
  }

  async #sharesOf({
    teamId,
    models,
    settings,
  }: Pick<NewKey, 'teamId' | 'models' | 'settings'>): Promise<readonly ThroughputShare[]> {
    const { subjects, groups } = this.#deps
    const isPromised = [settings['rpm_limit_type'], settings['tpm_limit_type']].includes(
      'guaranteed_throughput',
    )
    if (!isPromised) return []
    const team = teamId === null ? null : await subjects.find('team', teamId)
    return listThroughputShares({ models, settings, team }, groups())
  }

  setBlocked(record: KeyRecord, blocked: boolean): Promise<KeyRecord> {
    return this.update(record, { blocked })
  }

  async delete(records: readonly KeyRecord[]): Promise<void> {
    const tokenHashes = records.map((record) => record.tokenHash)
    await this.#deps.keys.delete({ tokenHashes })
    this.#deps.onKeysChanged(tokenHashes)
  }

  /** By plaintext or by digest; the digest names a key, it does not authenticate. Errors: 404 `key_not_found`. */
  async find(key: string): Promise<KeyRecord> {
    const digests = key.startsWith('sk-')
      ? [this.#deps.identity.authenticator.storedDigest(key), digestKey(key)]
      : [key]
    for (const digest of digests) {
      const record = await this.#deps.keys.findByHash(digest)
      if (record !== null) return record
    }
    throw noSuchKey(key)
  }

  /** Errors: 404 `key_not_found`. */
  async findByAlias(alias: string): Promise<KeyRecord> {
    const record = await this.#deps.keys.findByAlias(alias)
    if (record !== null) return record
    throw new GatewayError('key_not_found', `No key has the alias ${alias.slice(0, 256)}.`, {
      param: 'key_aliases',
    })
  }

  async show(record: KeyRecord): Promise<Record<string, unknown>> {
    return formatKeyRow(record, await this.spendOf(record))
  }

  /** With the budget it refers to. */
  async showWhole(record: KeyRecord): Promise<Record<string, unknown>> {
    const budgetId = record.settings['budget_id']
    const budget = typeof budgetId === 'string' ? await this.#deps.subjects.find('budget', budgetId) : null
    return {
      ...(await this.show(record)),
      litellm_budget_table: budget === null ? null : formatBudget(budget),
    }
  }

  spendOf({ tokenHash, createdAt, settings }: KeyRecord): Promise<CurrentSpend> {
    const { totals, now, settings: configured } = this.#deps
    const budget = mainBudget('key', tokenHash, createdAt, settings)
    return currentSpend(totals, budget, now(), configured().timezone)
  }

  /** What a key spends counts for those it was made with, from before it can spend anything. */
  async #addSpender(accounts: readonly string[], tokenHash: string): Promise<readonly string[]> {
    return accounts.length === 0 ? [] : this.#deps.keys.addSpender(accounts, tokenHash)
  }

  #textOf(chosen: string | null): string {
    const { production, keyPrefix } = this.#deps
    if (chosen === null) return `${keyPrefix}${randomBytes(24).toString('base64url')}`
    if (!production || chosen.length - 'sk-'.length >= minimumProductionSecret) return chosen
    throw new GatewayError(
      'invalid_request',
      'A chosen key needs at least 16 characters after sk- in production.',
      { param: 'key' },
    )
  }

  /** Who is no admin makes no key that escapes the governance of their own. */
  async #governanceOf(caller: Caller | null): Promise<Readonly<Record<string, unknown>>> {
    if (caller === null || caller.isAdmin || caller.governance === null) return {}
    const own = await this.#deps.keys.findByHash(caller.keyHash ?? '')
    const governance = own?.settings[keyGovernanceMember] ?? null
    return governance === null ? {} : { [keyGovernanceMember]: governance }
  }

  #newKey(body: GenerateKeyBody, key: string, caller: Caller | null): NewKey {
    const { identity, now } = this.#deps
    const { key: _, key_alias, duration, user_id, team_id, organization_id, ...rest } = body
    const { models, aliases, allowed_routes, tags, metadata, blocked, ...sent } = rest
    const settings = withoutNotes(sent)
    return {
      tokenHash: identity.authenticator.storedDigest(key),
      keyName: maskKey(key),
      keyAlias: key_alias ?? null,
      userId: user_id ?? null,
      teamId: team_id ?? null,
      organizationId: organization_id ?? null,
      models: models ?? [],
      aliases: aliases ?? {},
      allowedRoutes: allowed_routes ?? [],
      tags: tags ?? [],
      metadata: metadata ?? {},
      blocked: blocked ?? false,
      expiresAt: duration == null ? null : addDuration(now(), duration),
      createdBy: actorOf(caller),
      settings: this.#withSpend(settings),
    }
  }

  #changes(body: Omit<UpdateKeyBody, 'key'>): Parameters<KeyStore['update']>[1] {
    const { key: _, key_alias, duration, user_id, team_id, organization_id, ...rest } = body
    const { models, aliases, allowed_routes, tags, metadata, blocked, ...sent } = rest
    const settings = withoutNotes(sent)
    return {
      ...given('keyAlias', key_alias),
      ...given('userId', user_id),
      ...given('teamId', team_id),
      ...given('organizationId', organization_id),
      ...given('models', models === null ? [] : models),
      ...given('aliases', aliases === null ? {} : aliases),
      ...given('allowedRoutes', allowed_routes === null ? [] : allowed_routes),
      ...given('tags', tags === null ? [] : tags),
      ...given('metadata', metadata === null ? {} : metadata),
      ...given('blocked', blocked === null ? false : blocked),
      ...given('expiresAt', duration == null ? duration : addDuration(this.#deps.now(), String(duration))),
      ...given('settings', this.#withSpend(settings)),
    } as Parameters<KeyStore['update']>[1]
  }

  /** Spend set by hand counts from now on. */
  #withSpend(settings: Record<string, unknown>): Record<string, unknown> {
    return settings['spend'] == null ? settings : { ...settings, spend_set_at: this.#deps.now() }
  }

  #requireWithinBounds(body: Readonly<Record<string, unknown>>): void {
    for (const [name, bound] of Object.entries(this.#deps.settings().keyUpperBounds)) {
      const value: unknown = body[name]
      const isExceeded =
        typeof bound === 'number' && typeof value === 'number'
          ? value > bound
          : typeof bound === 'string' && typeof value === 'string' && isLonger(value, bound)
      if (!isExceeded) continue
      throw new GatewayError(
        'invalid_request',
        `\`${name}\` is above the upper bound ${bound}. Tried to use: ${String(value)}.`,
        {
          param: name,
        },
      )
    }
  }
}

function accountsOf(maker: KeyRecord | null): readonly string[] {
  return maker === null ? [] : [...mintedFrom(maker), accountOfKey(maker)]
}

const mintedFrom = ({ settings }: KeyRecord): readonly string[] =>
  (settings['minted_from'] as readonly string[] | undefined) ?? []

function isLonger(duration: string, bound: string): boolean {
  try {
    return addDuration(0, duration) > addDuration(0, bound)
  } catch {
    return false
  }
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value }
}

function withoutNothing<Body extends object>(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Body
}

export function noSuchKey(key: string): GatewayError {
  const shown = key.startsWith('sk-') ? maskKey(key) : key.slice(0, 64)
  return new GatewayError('key_not_found', `Key not found: ${shown}.`, { param: 'key' })
}
