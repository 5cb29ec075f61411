import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { groupKey, policyAccount } from '../../governance/usage-policies/policy-account.ts'
import { shownUse } from '../../governance/usage-policies/usage-policies.ts'
import {
  readUsagePolicy,
  type UsagePolicy,
  type UsagePolicyResets,
  usagePolicyFields,
} from '../../governance/usage-policies/usage-policy.ts'
import { listUsagePolicies } from '../../governance/usage-policies/usage-policy-book.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { actorOf, type Caller } from '../../identity/caller.ts'
import { changesOf, given, type RulesDependencies, ruleRoute } from './rules-context.ts'

const mostGroups = 1_000
const everybody = '__global__'
const newSchema = z.strictObject({
  ...usagePolicyFields,
  policy_id: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^/\s]+$/)
    .optional(),
})
const changeSchema = changesOf(usagePolicyFields)

/** `/policies`: rules about use, what is used of them, and their counters set to zero. */
export function usagePolicyRoutes(deps: RulesDependencies): Route<Endpoint>[] {
  const { subjects } = deps
  const read = { permission: 'policy.read' } as const
  const write = { permission: 'policy.write' } as const

  async function find(id: string | undefined): Promise<UsagePolicy> {
    const record = await subjects.find('usage_policy', id ?? '')
    const policy = record === null ? null : readUsagePolicy(record.id, record.settings)
    if (policy === null) throw noSuchPolicy(id ?? '')
    return policy
  }

  async function changed(id: string): Promise<void> {
    await deps.onPoliciesChanged()
    deps.onSubjectsChanged([{ kind: 'usage_policy', id }])
  }

  async function update(
    policy: UsagePolicy,
    changes: Partial<Omit<UsagePolicy, 'policy_id'>>,
  ): Promise<UsagePolicy> {
    const { policy_id, ...next } = { ...policy, ...changes }
    requireUsable(next)
    const record = await subjects.update('usage_policy', policy_id, { alias: next.name, settings: next })
    if (record === null) throw noSuchPolicy(policy_id)
    await changed(policy_id)
    return { policy_id, ...next }
  }

  async function create(
    { policy_id: id = `pol_${randomUUID()}`, ...fields }: z.infer<typeof newSchema>,
    caller: Caller | null,
  ) {
    requireUsable(fields)
    const known = await subjects.find('usage_policy', id)
    if (known !== null) return { isNew: false, policy: await update(await find(id), fields) }
    await subjects.create({
      ...{ kind: 'usage_policy', id, alias: fields.name, organizationId: null, blocked: false },
      ...{ models: [], metadata: {}, settings: fields },
      createdBy: actorOf(caller),
    })
    await changed(id)
    return { isNew: true, policy: await find(id) }
  }

  async function usageOf(policy: UsagePolicy, group: string) {
    const used = await deps.counters.read(policyAccount(policy, group, deps.now(), deps.timezone()))
    return describeUsage(policy, group, used)
  }

  /** Groups that were set to zero alone are counted elsewhere than the others. */
  async function summary(policy: UsagePolicy) {
    await deps.counters.flush()
    const { subject } = policyAccount(policy, '', deps.now(), deps.timezone())
    const together = await deps.uses.list(subject, mostGroups)
    const alone = Object.keys(policy.resets.groups)
    const groups = [
      ...together
        .filter(({ group }) => !alone.includes(group))
        .map(({ group, used }) => describeUsage(policy, group, used)),
      ...(await Promise.all(alone.map((group) => usageOf(policy, group)))),
    ]
    const { policy_id, limit_value, limit_type, limit_period } = policy
    return { policy_id, limit_value, limit_type, limit_period, groups, count: groups.length }
  }

  function resetsOf(policy: UsagePolicy, group: string | null): UsagePolicyResets {
    const at = deps.now()
    if (group === null) return { all: at, groups: {} }
    // What was reset in an earlier period is counted from zero anyway.
    const { endsAt } = policyAccount(policy, '', at, deps.timezone())
    const kept = Object.entries(policy.resets.groups).filter(
      ([, time]) => endsAt === null || policyAccount(policy, '', time, deps.timezone()).endsAt === endsAt,
    )
    return { all: policy.resets.all, groups: { ...Object.fromEntries(kept), [group]: at } }
  }

  return [
    ruleRoute(deps, 'GET', '/policies', {
      ...read,
      body: null,
      answer: async ({ query }) => {
        const policies = await listUsagePolicies(subjects, query.get('workspace_id'))
        return { body: { policies: policies.map(showPolicy), count: policies.length } }
      },
    }),
    ruleRoute(deps, 'POST', '/policies', {
      ...write,
      body: newSchema,
      answer: async ({ body, caller }) => {
        const { isNew, policy } = await create(body, caller)
        const answer = { policy_id: policy.policy_id, created: isNew, policy: showPolicy(policy) }
        return { status: isNew ? 201 : 200, body: { ...answer, enforced: deps.usagePoliciesOn() } }
      },
    }),
    ruleRoute(deps, 'GET', '/policies/{id}', {
      ...read,
      body: null,
      answer: async ({ params }) => ({ body: { policy: showPolicy(await find(params['id'])) } }),
    }),
    ruleRoute(deps, 'PUT', '/policies/{id}', {
      ...write,
      body: changeSchema,
      answer: async ({ params, body }) => ({
        body: { policy: showPolicy(await update(await find(params['id']), given(body))) },
      }),
    }),
    ruleRoute(deps, 'DELETE', '/policies/{id}', {
      ...write,
      body: null,
      answer: async ({ params }) => {
        const { policy_id } = await find(params['id'])
        await subjects.delete('usage_policy', [policy_id])
        await changed(policy_id)
        return { body: { deleted: true, policy_id } }
      },
    }),
    ruleRoute(deps, 'GET', '/policies/{id}/usage', {
      ...read,
      body: null,
      answer: async ({ params, query }) => {
        const policy = await find(params['id'])
        const group = groupOf(policy, query)
        return { body: group === null ? await summary(policy) : await usageOf(policy, group) }
      },
    }),
    ruleRoute(deps, 'POST', '/policies/{id}/reset', {
      ...write,
      body: z.looseObject({}),
      answer: async ({ params, query }) => {
        const policy = await find(params['id'])
        const { policy_id, group_by } = policy
        const named = group_by.length === 0 ? null : groupOf(policy, query)
        await update(policy, { resets: resetsOf(policy, named) })
        return { body: { reset: true, policy_id, group_key: named ?? everybody } }
      },
    }),
  ]
}

/** The group a request is about, null for none; a policy that counts everybody together has one. */
function groupOf({ group_by }: UsagePolicy, query: URLSearchParams): string | null {
  if (group_by.length === 0) return groupKey([])
  const named = query.get('group_key')
  return named === null || named === '' || named === everybody ? null : named
}

function describeUsage(policy: UsagePolicy, group: string, used: number): object {
  const { policy_id, limit_value, limit_type, limit_period } = policy
  const current = shownUse(policy, used)
  return {
    ...{ policy_id, group_key: group === '' ? everybody : group, current_usage: current },
    ...{ limit_value, limit_type, limit_period, usage_pct: (current / limit_value) * 100 },
  }
}

function showPolicy({ resets: _, ...policy }: UsagePolicy): object {
  return policy
}

/** Errors: 400 `invalid_limit_value` and `invalid_alert_threshold`. */
function requireUsable({
  limit_type,
  limit_value,
  alert_threshold,
}: Pick<UsagePolicy, 'limit_type' | 'limit_value' | 'alert_threshold'>): void {
  const isWhole = limit_type === 'cost' || limit_value >= 1
  if (!(limit_value > 0 && isWhole && limit_value <= Number.MAX_SAFE_INTEGER)) {
    const message = 'limit_value must be greater than 0, and at least 1 for tokens and requests.'
    throw new GatewayError('invalid_limit_value', message, { param: 'limit_value', extras: {} })
  }
  if (alert_threshold !== null && !(alert_threshold >= 0 && alert_threshold <= 1)) {
    const message = 'alert_threshold must be between 0 and 1.'
    throw new GatewayError('invalid_alert_threshold', message, { param: 'alert_threshold', extras: {} })
  }
}

function noSuchPolicy(id: string): GatewayError {
  return new GatewayError('policy_not_found', `There is no usage policy ${id.slice(0, 256)}.`, { extras: {} })
}
