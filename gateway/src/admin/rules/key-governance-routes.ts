import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import {
  keyGovernanceFields,
  keyGovernanceMember,
  readKeyGovernance,
  type StoredKeyGovernance,
  writeKeyGovernance,
} from '../../governance/workspaces/workspace.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { KeyRecord } from '../../storage/key-store.ts'
import { changesOf, given, type RulesDependencies, ruleRoute } from './rules-context.ts'
import { noSuchWorkspace } from './workspace-routes.ts'

const bodySchema = changesOf(keyGovernanceFields)
const standard = z.object(keyGovernanceFields).parse({})
const defaultScopes = ['completions.write']

/** `/keys/{key_id}`: what one key is held to beside its own fields, and `/status` of all rules. */
export function keyGovernanceRoutes(deps: RulesDependencies): Route<Endpoint>[] {
  const read = { permission: 'key.read' } as const
  const write = { permission: 'key.write' } as const

  /** Errors: 400 for a workspace of another organization, 404 for one that is not there. */
  async function requireWorkspace(workspaceId: string, { organizationId }: KeyRecord): Promise<void> {
    const workspace = await deps.subjects.find('workspace', workspaceId)
    if (workspace === null) throw noSuchWorkspace(workspaceId)
    const of = workspace.organizationId
    if (of === null || organizationId === null || of === organizationId) return
    throw new GatewayError(
      'invalid_request',
      `The workspace ${workspaceId} belongs to the organization ${of}, and the key to ${organizationId}.`,
      { param: 'workspace_id', extras: {} },
    )
  }

  async function save(record: KeyRecord, settings: Readonly<Record<string, unknown>>): Promise<void> {
    await deps.keys.update(record.tokenHash, { settings })
    deps.onKeysChanged([record.tokenHash])
  }

  return [
    ruleRoute(deps, 'GET', '/keys/{key_id}', {
      ...read,
      body: null,
      answer: async ({ params }) => {
        const record = await findKey(deps, params['key_id'] ?? '')
        return { body: { key_governance: show(record, readKeyGovernance(record.settings)) } }
      },
    }),
    ruleRoute(deps, 'PUT', '/keys/{key_id}', {
      ...write,
      body: bodySchema,
      answer: async ({ params, body }) => {
        const record = await findKey(deps, params['key_id'] ?? '')
        const current = readKeyGovernance(record.settings) ?? { ...standard, governedAt: deps.now() }
        const next = { ...current, ...given(body) }
        if (next.workspace_id !== null) await requireWorkspace(next.workspace_id, record)
        await save(record, writeKeyGovernance(next) as Record<string, unknown>)
        return { body: { key_governance: show(record, next) } }
      },
    }),
    ruleRoute(deps, 'DELETE', '/keys/{key_id}', {
      ...write,
      body: null,
      answer: async ({ params }) => {
        const record = await findKey(deps, params['key_id'] ?? '')
        await save(record, { [keyGovernanceMember]: null })
        return { body: { deleted: true, key_id: record.tokenHash } }
      },
    }),
    ruleRoute(deps, 'GET', '/status', {
      permission: 'workspace.read',
      body: null,
      answer: async () => {
        const workspaces = await deps.subjects.list('workspace', { page: 1, size: 1 })
        return {
          body: {
            workspace_count: workspaces.total,
            governed_key_count: await deps.keys.countGoverned(),
            cache_entries: deps.identity.authenticator.cachedKeys,
            cache_ttl_seconds: deps.keyCacheTtlMs / 1_000,
            usage_policies_enforced: deps.usagePoliciesOn(),
          },
        }
      },
    }),
  ]
}

/** By digest, plaintext or alias. Errors: 404 `key_not_found`. */
async function findKey({ administration }: RulesDependencies, id: string): Promise<KeyRecord> {
  if (/^[0-9a-f]{64}$/.test(id) || id.startsWith('sk-')) return administration.find(id)
  return administration.findByAlias(id)
}

function show({ tokenHash }: KeyRecord, governance: StoredKeyGovernance | null): object {
  const { governedAt, scopes, ...fields } = governance ?? { ...standard, governedAt: 0 }
  return { key_id: tokenHash, ...fields, scopes: scopes ?? defaultScopes }
}
