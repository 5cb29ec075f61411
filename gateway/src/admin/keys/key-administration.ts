import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { GovernanceConfig } from '../../config/config.ts'
import { mainBudget } from '../../governance/allowances.ts'
import { type CurrentSpend, currentSpend } from '../../governance/current-spend.ts'
import { keyGovernanceMember } from '../../governance/workspaces/workspace.ts'
import { type Caller, maskKey } from '../../identity/caller.ts'
import { digestKey } from '../../identity/key-digest.ts'
import { defaultWorkspace } from '../../identity/workspace.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { KeyRecord, KeyStore, NewKey } from '../../storage/key-store.ts'
import type { SpendTotals } from '../../storage/spend-totals.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'
import { formatBudget } from '../governance/shared-budget.ts'
import { addDuration } from './key-duration.ts'
import { formatKeyRow } from './key-row.ts'
import type { GenerateKeyBody, RegenerateKeyBody, UpdateKeyBody } from './key-schema.ts'

const minimumProductionSecret = 16

export interface KeyAdministrationDependencies {
  readonly identity: Identity
  readonly keys: KeyStore
  readonly subjects: SubjectStore
  readonly totals: SpendTotals
  readonly quotas: Pick<Quotas, 'limitOf'>
  readonly settings: () => GovernanceConfig
  readonly keyPrefix: string
  readonly production: boolean
  readonly now: () => number
  /** Called with the digests of changed keys, so that every process drops what it has cached. */
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
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

  /** Errors: 400 for what exceeds the operator's bounds or a text too short for production, 409 for what is taken. */
  async generate(given: GenerateKeyBody, caller: Caller | null): Promise<IssuedKey> {
    const { keys, quotas, settings } = this.#deps
    const body: GenerateKeyBody = { ...settings().keyDefaults, ...withoutNothing(given) }
    this.#requireWithinBounds(body)
    const key = this.#textOf(body.key ?? null)
    const limit = quotas.limitOf(body.organization_id ?? defaultWorkspace, 'keys')
    const made = this.#newKey(body, key, caller)
    const inherited = await this.#governanceOf(caller)
    const record = await keys.create({ ...made, settings: { ...made.settings, ...inherited } }, limit)
    this.#deps.onKeysChanged([record.tokenHash])
    return { key, record }
  }

  /** What is left out stays; `duration: null` makes a key that never expires. */
  async update(record: KeyRecord, body: Omit<UpdateKeyBody, 'key'>): Promise<KeyRecord> {
    this.#requireWithinBounds(body)
    const changed = await this.#deps.keys.update(record.tokenHash, this.#changes(body))
    this.#deps.onKeysChanged([record.tokenHash])
    if (changed === null) throw noSuchKey(record.tokenHash)
    return changed
  }

  /** What was spent so far, and every limit, stay with the key. */
  async regenerate(record: KeyRecord, body: RegenerateKeyBody): Promise<IssuedKey> {
    const { keys, identity, now, onKeysChanged } = this.#deps
    const { key: _, new_key, grace_period, ...changes } = body
    const key = this.#textOf(new_key ?? null)
    const tokenHash = identity.authenticator.storedDigest(key)
    const former = (record.settings['former_hashes'] as readonly string[] | undefined) ?? []
    const renewed = await keys.regenerate(record.tokenHash, {
      ...{ tokenHash, keyName: maskKey(key) },
      validUntil: grace_period == null ? null : addDuration(now(), grace_period),
      settings: { former_hashes: [...former, record.tokenHash] },
    })
    if (renewed === null) throw noSuchKey(record.tokenHash)
    onKeysChanged([record.tokenHash, tokenHash])
    const hasChanges = Object.keys(changes).length > 0
    return { key, record: hasChanges ? await this.update(renewed, changes) : renewed }
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
    const settings = withoutReserved(sent)
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
      createdBy: caller?.userId ?? caller?.kind ?? null,
      settings: this.#withSpend(settings),
    }
  }

  #changes(body: Omit<UpdateKeyBody, 'key'>): Parameters<KeyStore['update']>[1] {
    const { key: _, key_alias, duration, user_id, team_id, organization_id, ...rest } = body
    const { models, aliases, allowed_routes, tags, metadata, blocked, ...sent } = rest
    const settings = withoutReserved(sent)
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

/** What the gateway itself notes in a key's settings cannot be sent. */
function withoutReserved(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { former_hashes: _, spend_set_at: __, [keyGovernanceMember]: ___, ...sent } = settings
  return sent
}
