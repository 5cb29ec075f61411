import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { listModels } from '../../deployments/list-models.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import type { PriceTable } from '../../pricing/price-table.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyRecord } from '../../storage/key-store.ts'
import type { SpendLedger } from '../../storage/ledger/spend-row.ts'
import { KeyAdministration, type KeyAdministrationDependencies } from './key-administration.ts'
import { requireMayGenerate } from './key-generation-rules.ts'
import { withoutNotes } from './key-row.ts'

const recentRows = 100
const recentModels = 10
const mostKeys = 1_000
const nanoPerUsd = 1e9

export interface SelfServiceDependencies extends KeyAdministrationDependencies {
  readonly runtime: () => Runtime
  readonly prices: PriceTable
  readonly spend: Pick<SpendLedger, 'listSpend'>
}

const newKeySchema = z.object({
  name: z.string().min(1).max(256).nullish(),
  max_budget_usd: z.number().min(0).nullish(),
  allowed_models: z.array(z.string().min(1)).nullish(),
})

type NewKeyBody = z.infer<typeof newKeySchema>

/** `/me/*`: what somebody used, and keys of their own that may do no more than the one they were made with. */
export function selfServiceRoutes(deps: SelfServiceDependencies): Route<Endpoint>[] {
  const keys = new KeyAdministration(deps)
  const route = <Body>(
    method: Method,
    template: string,
    { body, answer }: Pick<ControlEndpointOptions<Body>, 'body' | 'answer'>,
  ): Route<Endpoint> => {
    const admit = (): void => {
      if (deps.runtime().config.governance.hasSelfService) return
      throw new GatewayError('feature_disabled', 'Self-service is off (ROUTEIQ_SELF_SERVICE_KEYS).')
    }
    const handler = controlEndpoint({ identity: deps.identity, admit, body, answer })
    return { method, template, auth: 'user', aliased: false, handler }
  }

  async function stats(caller: Caller): Promise<object> {
    const { totals, spend } = deps
    const keyHash = caller.keyHash ?? ''
    const record = await deps.keys.findByHash(keyHash)
    const [[sum], rows] = await Promise.all([
      totals.sums({ kinds: ['key'], ids: [keyHash], since: null, until: null }),
      spend.listSpend({ keyHash, limit: recentRows }),
    ])
    const spent = record === null ? (sum?.spendNanoUsd ?? 0) / nanoPerUsd : (await keys.spendOf(record)).spend
    const budget = caller.limits.maxBudgetUsd
    return {
      key_id: keyHash.slice(0, 16),
      decision_count: sum?.requests ?? 0,
      recent_models: [...new Set(rows.flatMap(({ modelGroup }) => modelGroup ?? []))].slice(0, recentModels),
      budget_remaining_usd: budget === null ? null : Math.max(0, budget - spent),
      budget_used_pct: budget === null ? null : budget === 0 ? 100 : (spent / budget) * 100,
      spend_usd: spent,
      max_budget_usd: budget,
    }
  }

  const minted = async (caller: Caller): Promise<readonly KeyRecord[]> =>
    (await deps.keys.list({ mintedBy: ownerOf(caller), page: 1, size: mostKeys })).records

  async function mint(body: NewKeyBody, caller: Caller): Promise<object> {
    const own = await deps.keys.findByHash(caller.keyHash ?? '')
    // Limits of somebody without a key could not hold for the keys made by them.
    if (own === null && caller.kind === 'key')
      throw new GatewayError('permission_denied', 'Only the holder of a key makes keys; this token is none.')
    requireNarrower(body, caller, deps)
    const wanted = {
      ...inherited(own, deps.now()),
      models: body.allowed_models ?? [...(own?.models ?? [])],
      user_id: caller.userId,
      team_id: caller.teamId,
      organization_id: caller.organizationId,
      metadata: { name: body.name ?? null },
      ...(body.max_budget_usd == null ? {} : { max_budget: body.max_budget_usd }),
    }
    await requireMayGenerate(deps.settings().keyGeneration, deps.subjects, caller, wanted)
    const { key, record } = await keys.generate(wanted, caller, { by: ownerOf(caller), with: own })
    return { ...describe(record), key }
  }

  return [
    route('GET', '/me/stats', {
      body: null,
      answer: async ({ caller }) => ({ body: await stats(known(caller)) }),
    }),
    route('GET', '/me/keys', {
      body: null,
      answer: async ({ caller }) => {
        const records = await minted(known(caller))
        return { body: { keys: records.map(describe), count: records.length } }
      },
    }),
    route('POST', '/me/keys', {
      body: newKeySchema,
      answer: async ({ body, caller }) => ({ status: 201, body: await mint(body, known(caller)) }),
    }),
    route('DELETE', '/me/keys/{id}', {
      body: null,
      answer: async ({ params, caller }) => {
        const id = params['id'] ?? ''
        const record = (await minted(known(caller))).find((one) => idOf(one) === id)
        if (record === undefined)
          throw new GatewayError('key_not_found', `You have no key ${id.slice(0, 64)}.`)
        await keys.delete([record])
        return { body: { deleted: true, key_id: id } }
      },
    }),
  ]
}

/** Errors: 401 `invalid_api_key` on a gateway without keys, where nobody is anybody. */
function known(caller: Caller | null): Caller {
  if (caller?.keyHash != null) return caller
  throw new GatewayError('invalid_api_key', 'This needs a key: whose things are meant?')
}

/** The user, where the key has one; else the key itself. */
function ownerOf({ userId, kind, keyHash }: Caller): string {
  return userId ?? (kind === 'key' ? `key:${keyHash}` : kind)
}

/** What the new key has of the one it is made with, whose limits hold for both together. Its end stays. */
function inherited(own: KeyRecord | null, now: number): Record<string, unknown> {
  if (own === null) return {}
  const { settings, allowedRoutes, aliases, tags, expiresAt } = own
  const { spend, permissions, temp_budget_increase, temp_budget_expiry, ...limits } = withoutNotes(settings)
  return {
    ...limits,
    allowed_routes: [...allowedRoutes],
    aliases: { ...aliases },
    tags: [...tags],
    ...(expiresAt === null ? {} : { duration: `${Math.max(1, Math.floor((expiresAt - now) / 1_000))}s` }),
  }
}

/** Errors: 403 for a budget above the caller's own, and for a model that the caller may not use. */
function requireNarrower(
  { max_budget_usd: budget, allowed_models: models }: NewKeyBody,
  { grants: key, layers, teamId, limits }: Caller,
  { runtime, prices }: SelfServiceDependencies,
): void {
  const most = limits.maxBudgetUsd
  if (most !== null && budget != null && budget > most)
    throw new GatewayError('permission_denied', `Your own budget is ${most} USD.`, {
      param: 'max_budget_usd',
    })
  if (models == null) return
  const request = { key, layers, teamId, expandWildcards: false }
  const usable = new Set(listModels(runtime().routing, request, prices).map(({ id }) => id))
  const denied = models.find((model) => !usable.has(model))
  if (denied === undefined) return
  throw new GatewayError('permission_denied', `Your own key may not use ${denied.slice(0, 256)}.`, {
    param: 'allowed_models',
  })
}

const idOf = ({ tokenHash }: KeyRecord): string => `kid_${tokenHash.slice(0, 24)}`

const maxBudgetOf = (settings: KeyRecord['settings']): number | null =>
  typeof settings['max_budget'] === 'number' ? settings['max_budget'] : null

function describe(record: KeyRecord): object {
  const { metadata, settings, createdAt, models, keyName } = record
  return {
    key_id: idOf(record),
    name: metadata['name'] ?? null,
    owner_id: settings['minted_by'],
    created_at: new Date(createdAt).toISOString(),
    max_budget_usd: maxBudgetOf(settings),
    allowed_models: models,
    masked: keyName,
  }
}
