import { describe, expect, it } from 'vitest'
import { anonymousCaller, type Caller } from '../../identity/caller.ts'
import type { GovernedCall } from '../governor.ts'
import { type UsageEvent, UsagePolicies } from './usage-policies.ts'
import { readUsagePolicy, type UsagePolicy } from './usage-policy.ts'

const now = Date.UTC(2026, 4, 10, 12)
const ann: Caller = { ...anonymousCaller, userId: 'ann', teamId: 'red', keyAlias: 'notebook' }
const call = (changes: Partial<GovernedCall> = {}): GovernedCall => ({
  caller: ann,
  requestedModel: 'fast',
  group: { name: 'gpt-4o', deployments: [], priceLists: [] },
  operation: 'chat',
  bytes: 100,
  body: {},
  endUser: null,
  tags: [],
  route: '/chat/completions',
  address: null,
  ...changes,
})

function policy(id: string, changes: object = {}): UsagePolicy {
  const fields = { name: id, limit_type: 'requests', limit_value: 10, limit_period: 'day', ...changes }
  const read = readUsagePolicy(id, fields)
  if (read === null) throw new Error('this is no policy')
  return read
}

function open(...policies: UsagePolicy[]) {
  const events: UsageEvent[] = []
  const book = new UsagePolicies({ timezone: () => 'UTC', onEvent: (event) => events.push(event) })
  book.replace(policies)
  const concerned = (changes: Partial<GovernedCall> = {}): string[] =>
    book
      .limitsOf(call(changes), now)
      .map(({ account }) => `${account.subject.split(':')[1]}/${account.group}`)
  return { book, events, concerned }
}

describe('usage policies', () => {
  it('concern everything, by priority, unless they are off', () => {
    const { concerned } = open(
      policy('b'),
      policy('a'),
      policy('first', { priority: 1 }),
      policy('off', { enabled: false }),
    )
    expect(concerned()).toEqual(['first/', 'a/', 'b/'])
    expect(open().concerned()).toEqual([])
  })

  it.each([
    [{ model: 'gpt-*' }, true],
    [{ model: 'fast' }, true],
    [{ model: ['claude', 'fa?t'] }, true],
    [{ model: '^gpt' }, false],
    [{ route: '/v1/chat/*', user: 'ann', team: 'red', api_key: 'note*' }, true],
    [{ user: 'ann', team: 'blue' }, false],
    [{ 'metadata._user': 'ann', 'metadata._team': 'red' }, true],
    [{ 'metadata.job': 'night*' }, true],
    [{ 'metadata.nested.deep': '7' }, true],
    [{ 'metadata.absent': '*' }, false],
  ])('with the conditions %j: %s', (conditions, isConcerned) => {
    const body = { metadata: { job: 'nightly', _user: 'eve', nested: { deep: 7 } } }
    expect(open(policy('p', { conditions })).concerned({ body })).toHaveLength(isConcerned ? 1 : 0)
    // Of exclusions one is enough.
    const isExempt = Object.entries(conditions).some(
      ([path, globs]) =>
        open(policy('p', { conditions: { [path]: globs } })).concerned({ body }).length === 1,
    )
    expect(open(policy('p', { exclusions: conditions })).concerned({ body }).length === 0).toBe(isExempt)
  })

  it('know the metadata of the key before that of the request', () => {
    const caller = { ...ann, metadata: { cost_center: 'r&d' } }
    const { concerned } = open(policy('p', { group_by: ['metadata.cost_center', 'user', 'metadata.job'] }))
    const body = { metadata: { cost_center: 'other', job: true } }
    expect(concerned({ caller, body })).toEqual(['p/metadata.cost_center=r&d,user=ann,metadata.job=true'])
    expect(concerned({ body })).toEqual(['p/metadata.cost_center=other,user=ann,metadata.job=true'])
    expect(concerned()).toEqual(['p/metadata.cost_center=none,user=ann,metadata.job=none'])
  })

  it('give groups of any length a name of bounded length', () => {
    const { concerned } = open(policy('p', { group_by: ['metadata.a', 'metadata.b'] }))
    const metadata = { a: 'x'.repeat(10_000), b: 'y'.repeat(200) }
    expect(concerned({ body: { metadata } })[0]).toMatch(/^p\/sha256=[0-9a-f]{64}$/)
  })

  it('of a workspace concern its keys only', () => {
    const { concerned } = open(policy('p', { workspace_id: 'lab' }))
    const governance = {
      ...{ workspaceId: 'lab', scopes: null, enforcedConfig: null },
      ...{ mayOverride: true, routingProfile: null },
    }
    expect(concerned()).toEqual([])
    expect(concerned({ caller: { ...ann, governance } })).toEqual(['p/'])
  })

  it('count from zero after a reset, all groups or one', () => {
    const account = (resets: object) =>
      open({ ...policy('p', { group_by: ['user'] }), resets: { all: 0, groups: {}, ...resets } })
        .book.limitsOf(call(), now)
        .map(({ account: { subject } }) => subject)[0]
    const before = account({})
    expect(account({ all: 5 })).not.toBe(before)
    expect(account({ groups: { 'user=ann': 5 } })).not.toBe(before)
    expect(account({ groups: { 'user=bob': 5 } })).toBe(before)
  })

  it('tell of thresholds, and of the limit where they refuse nothing', () => {
    const { book, events } = open(policy('p', { action: 'alert', alert_threshold: 0.5 }))
    const [limit] = book.limitsOf(call(), now)
    expect(limit?.limit).toBeNull()
    for (const used of [4, 5, 10, 11]) limit?.onAdmitted(used)
    expect(events.map(({ share, used }) => [share, used])).toEqual([
      [0.5, 5],
      [0.5, 10],
      [0.5, 11],
      [1, 11],
    ])
    const denying = open(policy('p', { limit_type: 'cost', limit_value: 2 }))
    const [denied] = denying.book.limitsOf(call(), now)
    expect(denied?.limit).toBe(2e9)
    expect(denied?.refuse(1.5e9, now).message).toContain('allows 2 cost a day; 1.5 are used')
    expect(denied?.refuse(1.5e9, now).options.retryAfterSeconds).toBe(43_200)
  })
})
