import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ChoiceFeedback, ChoiceStore, KeptChoice } from '../../model-routing/choice-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlChoiceStore } from './sql-choice-store.ts'

const now = Date.UTC(2026, 4, 31, 12)
const day = 86_400_000

function choice(id: string, patch: Partial<KeptChoice> = {}): KeptChoice {
  return {
    ...{
      decisionId: id,
      requestId: `req-${id}`,
      workspaceId: 'acme',
      keyHash: 'k',
      userId: null,
      teamId: null,
    },
    ...{ router: 'auto', arm: 'small', domain: 'math', tier: 'simple', strategy: 'llmrouter-auto' },
    ...{ profile: 'auto', bundleId: 'rb_1', quality: 0.5, propensity: 1, learns: true, status: 200 },
    ...{
      inputTokens: 12,
      outputTokens: null,
      costUsd: 0.001,
      baselineUsd: 0.01,
      taskId: null,
      routingId: null,
      experiment: null,
      latencyMs: 12,
    },
    details: { reasons: ['best_utility'] },
    createdAt: now,
    ...patch,
  }
}

const said = (
  decisionId: string,
  score: number | null,
  patch: Partial<ChoiceFeedback> = {},
): ChoiceFeedback => ({
  ...{
    decisionId,
    source: 'user',
    score,
    weight: 1,
    reason: null,
    isAutomatic: false,
    keyHash: 'k',
    taskId: null,
  },
  ...patch,
})

describe.each(await listTestDatabases())('the choice store over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: ChoiceStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlChoiceStore(opened.database)
  })
  beforeEach(() =>
    opened.database.pool.query('TRUNCATE model_choices, model_feedback, model_learning, model_drift'),
  )
  afterAll(() => opened?.dispose())

  it('counts what was chosen by what, and for whom', async () => {
    const none = { byStrategy: {}, byProfile: {}, byModel: {}, byKey: [], keys: 0 }
    expect(await store.countChoices()).toEqual({ total: 0, untrained: 0, meanDecisionMs: null, ...none })
    const timed = (total_us: number) => ({ details: { timings: { total_us } } })
    await store.saveChoices([
      choice('a', { ...timed(100), bundleId: '' }),
      choice('b', { ...timed(300), arm: 'large', profile: 'eco' }),
      choice('c', { ...timed(200), keyHash: 'other', strategy: 'llmrouter-random' }),
      choice('d', { ...timed(200), keyHash: null }),
    ])
    expect(await store.countChoices()).toEqual({
      ...{ total: 4, untrained: 1, meanDecisionMs: 0.2 },
      byStrategy: { 'llmrouter-auto': 3, 'llmrouter-random': 1 },
      byProfile: { auto: 3, eco: 1 },
      byModel: { small: 3, large: 1 },
      byKey: [
        { keyHash: 'k', count: 2 },
        { keyHash: 'other', count: 1 },
      ],
      keys: 2,
    })
  })

  it('gives choices back as they were, by their own id and by that of the request', async () => {
    const kept = choice('a')
    await store.saveChoices([kept, choice('b', { outputTokens: 7, details: {} })])
    await store.saveChoices([choice('a', { arm: 'other' })])
    expect(await store.findChoice({ decisionId: 'a' })).toEqual(kept)
    expect(await store.findChoice({ requestId: 'req-b' })).toMatchObject({
      outputTokens: 7,
    })
    expect(await store.findChoice({ decisionId: 'nobody' })).toBeNull()
  })

  it('learns from a judgement once, and from a changed one its difference', async () => {
    await store.saveChoices([choice('a')])
    expect(await store.giveFeedback(said('a', 1), now)).toMatchObject({ applied: true, duplicate: false })
    expect(await store.giveFeedback(said('a', 1), now)).toMatchObject({ applied: false, duplicate: true })
    const cell = { bundleId: 'rb_1', domain: 'math', tier: 'simple', arm: 'small' }
    expect((await store.readLearning(now)).cells).toEqual([{ ...cell, weight: 1, reward: 1, residual: 0.5 }])
    await store.giveFeedback(said('a', 0), now)
    expect((await store.readLearning(now)).cells).toEqual([{ ...cell, weight: 1, reward: 0, residual: -0.5 }])
  })

  it('lets the better source count, whichever came first', async () => {
    await store.saveChoices([choice('a'), choice('b')])
    await store.giveFeedback(said('a', 0, { source: 'judge', weight: 0.5 }), now)
    await store.giveFeedback(said('a', 1), now)
    await store.giveFeedback(said('b', 1), now)
    expect(await store.giveFeedback(said('b', 0, { source: 'judge', weight: 0.5 }), now)).toEqual({
      ...{ applied: false, duplicate: false, superseded: true, isDrift: false },
    })
    expect((await store.readLearning(now)).cells).toMatchObject([{ weight: 2, reward: 2 }])
  })

  it('learns nothing from a review, or where the caller said no', async () => {
    await store.saveChoices([choice('a'), choice('b', { learns: false })])
    await store.giveFeedback(said('a', null), now)
    expect(await store.giveFeedback(said('b', 1), now)).toMatchObject({ applied: false })
    expect((await store.readLearning(now)).cells).toEqual([])
  })

  it('lets what is a week old count half', async () => {
    await store.saveChoices([choice('a', { createdAt: now - 7 * day })])
    await store.giveFeedback(said('a', 1), now)
    expect((await store.readLearning(now)).cells[0]?.weight).toBeCloseTo(0.5, 6)
  })

  it('adds up what many say at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `d${index}`)
    await store.saveChoices(ids.map((id) => choice(id)))
    await Promise.all(ids.map((id) => store.giveFeedback(said(id, 1), now)))
    expect((await store.readLearning(now)).cells).toMatchObject([{ weight: 20, reward: 20, residual: 10 }])
  })

  it('lets no key outweigh the others', async () => {
    const say = async (keyHash: string | null, count: number) => {
      const ids = Array.from({ length: count }, (_, index) => `${keyHash}${index}`)
      await store.saveChoices(ids.map((id) => choice(id)))
      for (const id of ids) await store.giveFeedback(said(id, 0.5, { keyHash }), now)
    }
    const weight = async () => (await store.readLearning(now)).cells[0]?.weight
    await say('loud', 60)
    // Nobody else has said anything, so nobody is outweighed.
    expect(await weight()).toBe(60)
    await say('b', 30)
    // Of two keys each has half.
    expect(await weight()).toBe(30 + 30)
    for (const key of ['c', 'd', 'e', 'f']) await say(key, 18)
    // Of six none has more than a fifth: the others have 102, so the loud one 25.5.
    expect(await weight()).toBeCloseTo(102 + 25.5, 9)
    await say(null, 4)
    // What admins say and the gateway finds out itself is nobody's influence, and counts in full.
    expect(await weight()).toBeCloseTo(106 + 26.5, 9)
  })

  it('moves a judgement that another key replaces', async () => {
    await store.saveChoices([choice('a')])
    await store.giveFeedback(said('a', 0, { keyHash: 'one' }), now)
    await store.giveFeedback(said('a', 1, { keyHash: 'two' }), now)
    expect((await store.readLearning(now)).cells).toMatchObject([{ weight: 1, reward: 1 }])
  })

  it('finds the last choice of an arm that a key made, and that of a decision about skills', async () => {
    await store.saveChoices([
      choice('a'),
      choice('b', { createdAt: now + 1 }),
      choice('c', { keyHash: 'other' }),
    ])
    expect(await store.findChoice({ arm: 'small', keyHash: 'k' })).toMatchObject({ decisionId: 'b' })
    expect(await store.findChoice({ arm: 'large', keyHash: 'k' })).toBeNull()
    await store.saveChoices([choice('d', { routingId: 'rt_1' })])
    expect(await store.findChoice({ routingId: 'rt_1' })).toMatchObject({ decisionId: 'd' })
  })

  it('notices that a model got worse, once, and lets what it did before count little', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `d${index}`)
    const details = { candidates: [{ model: 'small', q: 0.9 }] }
    await store.saveChoices(ids.map((id) => choice(id, { quality: 0.9, details })))
    const alarms: string[] = []
    for (const [index, id] of ids.entries())
      if ((await store.giveFeedback(said(id, index < 30 ? 1 : 0), now)).isDrift) alarms.push(id)
    expect(alarms).toEqual(['d34'])
    const { cells, drifts } = await store.readLearning(now)
    expect(drifts).toMatchObject([{ arm: 'small', epoch: 1, rewards: 5 }])
    // Thirty passes and four failures of before, a tenth each; six failures since.
    expect(cells[0]?.weight).toBeCloseTo(9.4, 9)
    expect(cells[0]?.reward).toBeCloseTo(3, 9)
  })

  it('tells what strong models were expected to gain, router by router, the newest first', async () => {
    const between = (id: string, gain: number, patch: Partial<KeptChoice> = {}, nu = 0): KeptChoice =>
      choice(id, {
        details: {
          pair: { small: 'small', large: 'large' },
          novelty: nu === 0 ? null : { nu },
          candidates: [
            { model: 'large', q: 0.25 + gain },
            { model: 'other', q: 1 },
            { model: 'small', q: 0.25 },
          ],
        },
        ...patch,
      })
    await store.saveChoices([
      between('dc_1', 0.5, { createdAt: now - 2 }),
      between('dc_2', 0.25, {}, 0.5),
      between('dc_3', -0.25, { createdAt: now - 1 }, 1),
      between('dc_4', 0.125, { router: 'mine' }),
      between('dc_5', 0.125, { createdAt: now - day }),
      choice('dc_6', { details: { pair: null, candidates: [] } }),
      choice('dc_7'),
    ])
    const told = [...(await store.listGains(now - 1_000, 2))].sort((one, other) =>
      one.router.localeCompare(other.router),
    )
    expect(told).toEqual([
      { router: 'auto', bundleId: 'rb_1', gains: expect.arrayContaining([0.5, -1]) },
      { router: 'mine', bundleId: 'rb_1', gains: [0.125] },
    ])
    expect(told[0]?.gains).toHaveLength(2)
  })

  it('lists choices with the score that counts, of one workspace or all', async () => {
    await store.saveChoices([choice('a'), choice('b', { workspaceId: 'other', createdAt: now - 1 })])
    await store.giveFeedback(said('a', 0.25, { source: 'judge' }), now)
    await store.giveFeedback(said('a', 0.75), now)
    expect(await store.listChoices('acme', now - day, 10)).toMatchObject([{ decisionId: 'a', score: 0.75 }])
    expect(await store.listChoices(null, now - day, 10)).toMatchObject([
      { decisionId: 'a' },
      { decisionId: 'b', score: null },
    ])
    await store.purgeChoices(now)
    expect(await store.listChoices(null, 0, 10)).toHaveLength(1)
  })
})
