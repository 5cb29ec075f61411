import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RollupRow, RollupStore } from '../../evidence/analytics/rollup-store.ts'
import { tallyOf } from '../../evidence/analytics/tally.ts'
import type { DecisionStore } from '../../evidence/decisions/decision-store.ts'
import { offeredSkill, routingDecision } from '../../evidence/decisions/routing-decision.fixture.ts'
import { outcome } from '../../evidence/outcomes/outcome.fixture.ts'
import { newTrace, traceId, traceSkill } from '../../evidence/traces/trace.fixture.ts'
import type { TraceStore } from '../../evidence/traces/trace-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlDecisionStore } from './sql-decision-store.ts'
import { createSqlRollupStore } from './sql-rollup-store.ts'
import { createSqlTraceStore } from './sql-trace-store.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const dayMs = 86_400_000
const workspace = 'default'

describe.each(await listTestDatabases())('evidence over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let decisions: DecisionStore
  let traces: TraceStore
  let rollup: RollupStore
  let now = noon

  beforeAll(async () => {
    opened = await openMigrated()
  })
  beforeEach(async () => {
    now = noon
    decisions = createSqlDecisionStore(opened.database, () => now)
    traces = createSqlTraceStore(opened.database)
    rollup = createSqlRollupStore(opened.database, () => now)
    await opened.database.pool.query(
      'TRUNCATE routing_decisions, routing_offers, offered_skills, traces, outcomes, effectiveness_rollup, rollup_progress, purged_days',
    )
  })
  afterAll(() => opened?.dispose())

  /** By a store of its own, which has no expensive count to rest from. */
  const refresh = () => createSqlRollupStore(opened.database, () => now).refreshRollup(workspace)
  const readAll = async (by: Parameters<RollupStore['readRollup']>[1]['by'] = ['skill_name']) => {
    await refresh()
    return rollup.readRollup(workspace, { from: '2000-01-01', to: '2100-01-01', by })
  }
  const only = (rows: readonly RollupRow[]): RollupRow => {
    expect(rows).toHaveLength(1)
    return rows[0] as RollupRow
  }

  describe('decisions', () => {
    it('are given back as they were, in their workspace alone', async () => {
      const decision = routingDecision({
        offered: [offeredSkill('pdf'), offeredSkill('a|b', { rank: 2, explored: true, propensity: 0.05 })],
        passedOver: [{ skillId: 'x', name: 'x', propensity: 0.01 }],
        queryText: 'Grüße 👋',
        degradedReason: 'embedder_unavailable',
      })
      await decisions.saveDecisions([decision])
      expect(await decisions.findDecision(workspace, decision.routingId)).toEqual(decision)
      expect(await decisions.findDecision('other', decision.routingId)).toBeNull()
    })

    it('share an offer that is the same, and are given back and counted as if each had its own', async () => {
      const menu = { offered: [offeredSkill('pdf'), offeredSkill('sql', { rank: 2 })], hinted: [] }
      const shared = [1, 2, 3].map((n) =>
        routingDecision({ ...menu, routingId: `rt_${n}`, offerDigest: 'd1', querySha256: null }),
      )
      await decisions.saveDecisions(shared.slice(0, 2))
      await decisions.saveDecisions(shared.slice(2))
      await decisions.saveDecisions([routingDecision({ ...menu, routingId: 'rt_4' })])
      for (const decision of shared)
        expect(await decisions.findDecision(workspace, decision.routingId)).toEqual(decision)
      const { rows } = await opened.database.pool.query('SELECT digest FROM routing_offers')
      expect(rows).toEqual([{ digest: 'd1' }])
      const counted = await readAll()
      expect(counted.map(({ skillName, offers }) => [skillName, offers])).toEqual([
        ['pdf', 4],
        ['sql', 4],
      ])
    })

    it('take a shared offer along when the last of them is purged, and no sooner', async () => {
      const menu = { offerDigest: 'd1', querySha256: null, hinted: [] }
      const countOffers = async () =>
        (await opened.database.pool.query('SELECT 1 FROM routing_offers')).rowCount
      await decisions.saveDecisions([routingDecision({ ...menu, routingId: 'rt_1' })])
      now = noon + 20 * dayMs
      const later = routingDecision({ ...menu, routingId: 'rt_2', createdAt: now })
      await decisions.saveDecisions([later])
      now = noon + 40 * dayMs
      await rollup.purgeEvidence(30)
      expect(await decisions.findDecision(workspace, 'rt_1')).toBeNull()
      expect(await decisions.findDecision(workspace, 'rt_2')).toEqual(later)
      expect(await countOffers()).toBe(1)
      now = noon + 60 * dayMs
      await rollup.purgeEvidence(30)
      expect(await countOffers()).toBe(0)
    })

    it('tell of a skill in a version once, and forget it with the last that named it', async () => {
      const readSkills = async () => {
        const { rows } = await opened.database.pool.query<{ told: string }>(
          "SELECT name || ' ' || version_id AS told FROM offered_skills ORDER BY told",
        )
        return rows.map(({ told }) => told)
      }
      const passedOver = [{ skillId: 'id-of-sql', name: 'sql', propensity: 0 }]
      await decisions.saveDecisions([
        routingDecision({ routingId: 'rt_1', passedOver }),
        routingDecision({ routingId: 'rt_2', passedOver }),
      ])
      expect(await readSkills()).toEqual(['pdf version-of-pdf', 'sql '])
      now = noon + 20 * dayMs
      const renamed = offeredSkill('pdf', { name: 'pdf-forms' })
      const later = routingDecision({ routingId: 'rt_3', offered: [renamed], hinted: [], createdAt: now })
      await decisions.saveDecisions([later])
      expect(await readSkills()).toEqual(['pdf version-of-pdf', 'pdf-forms version-of-pdf', 'sql '])
      expect(await decisions.findDecision(workspace, 'rt_1')).toMatchObject({ passedOver, hinted: ['pdf'] })
      now = noon + 40 * dayMs
      await rollup.purgeEvidence(30)
      expect(await decisions.findDecision(workspace, 'rt_3')).toEqual(later)
      expect(await readSkills()).toEqual(['pdf-forms version-of-pdf'])
    })

    it('tell of a skill again when the store refused to hear of it', async () => {
      const { pool } = opened.database
      await pool.query('ALTER TABLE offered_skills RENAME TO hidden_skills')
      await expect(decisions.saveDecisions([routingDecision()])).rejects.toThrow()
      await pool.query('ALTER TABLE hidden_skills RENAME TO offered_skills')
      await decisions.saveDecisions([routingDecision()])
      expect(await decisions.findDecision(workspace, routingDecision().routingId)).toEqual(routingDecision())
    })

    it('from before skills were told apart are given back and counted like those of today', async () => {
      await opened.database.pool.query(
        `INSERT INTO routing_decisions (routing_id, workspace_id, day, model_family, source, strategy, eligible_count,
           catalogue_digest, offered, passed_over, holdout, timings, created_at, stored_at)
         VALUES ('rt_old', $1, '2026-06-01', '', 'api', 'smart_routing', 2, 'digest', $2, $3, false, '{}', $4, $4)`,
        [
          workspace,
          '[{"skill_id":"s","version_id":"v","content_hash":"h","name":"pdf","score":0.9,"relevance":0.8,"hinted":true}]',
          '[{"skillId":"t","name":"sql"}]',
          new Date(noon),
        ],
      )
      expect(await decisions.findDecision(workspace, 'rt_old')).toMatchObject({
        offered: [{ skillId: 's', name: 'pdf', rank: 1, score: 0.9, propensity: 1 }],
        passedOver: [{ skillId: 't', name: 'sql', propensity: 0 }],
        hinted: ['pdf'],
      })
      expect(only(await readAll())).toMatchObject({ skillName: 'pdf', offers: 1, hinted: 1 })
    })

    it('may be written twice and stay the first', async () => {
      await decisions.saveDecisions([routingDecision({ agentName: 'first' })])
      await decisions.saveDecisions([routingDecision({ agentName: 'second' })])
      expect(await decisions.findDecision(workspace, routingDecision().routingId)).toMatchObject({
        agentName: 'first',
      })
    })
  })

  describe('traces', () => {
    it('are given back as they were, with their verdict, in their workspace alone', async () => {
      const { scores: _, ...trace } = newTrace({
        skills: [traceSkill('pdf', { hash: 'aa' })],
        routingIds: ['rt_1'],
      })
      await traces.saveTraces(workspace, [newTrace(trace)])
      expect(await traces.findTrace(workspace, trace.id)).toEqual({ ...trace, verdict: null })
      expect(await traces.findTrace('other', trace.id)).toBeNull()
    })

    it('keep the first of two with one id, whether they come together or apart, and tell which were new', async () => {
      const [a, b] = [newTrace({ id: traceId(1) }), newTrace({ id: traceId(2) })]
      expect(await traces.saveTraces(workspace, [a, { ...a, agentName: 'again' }])).toEqual([a.id])
      expect(await traces.saveTraces(workspace, [{ ...a, agentName: 'again' }, b])).toEqual([b.id])
      expect(await traces.findTrace(workspace, a.id)).toMatchObject({ agentName: 'helper' })
      expect(await traces.saveTraces('other', [a])).toEqual([a.id])
    })

    it('do not take the scores of a trace that was there already', async () => {
      const score = {
        kind: 'evaluator',
        name: 'tone',
        verdict: 'fail',
        score: 0,
        reason: null,
        detail: {},
      } as const
      await traces.saveTraces(workspace, [newTrace()])
      await traces.saveTraces(workspace, [newTrace({ scores: [score] })])
      expect(await traces.findTrace(workspace, traceId(1))).toMatchObject({ verdict: null })
    })

    it('survive characters the database has no place for', async () => {
      const document = { user_input_preview: 'a\0b\ud800c \\u0000', 'k\0': ['\0', { x: '\udfff' }] }
      await traces.saveTraces(workspace, [
        newTrace({ document, sessionId: 's\0', skills: [traceSkill('p\0df')] }),
      ])
      const found = await traces.findTrace(workspace, traceId(1))
      expect(found?.document).toEqual({ user_input_preview: 'ab\ufffdc \\u0000', k: ['', { x: '\ufffd' }] })
      expect(found?.skills[0]?.name).toBe('pdf')
    })

    it('are listed by every filter, the newest first', async () => {
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1), receivedAt: noon, status: 'error' }),
        newTrace({ id: traceId(2), receivedAt: noon + 1, agentName: 'other', routingIds: ['rt_9'] }),
        newTrace({
          id: traceId(3),
          receivedAt: noon + 2,
          skills: [traceSkill('pdf')],
          manifestId: traceId(77),
        }),
        newTrace({
          id: traceId(4),
          receivedAt: noon + 3,
          document: { user_input_preview: '100% SURE_thing' },
        }),
      ])
      await traces.saveTraces('elsewhere', [newTrace({ id: traceId(5) })])
      await traces.saveOutcomes(workspace, [outcome(traceId(1), { verdict: 'fail' }), outcome('rt_9')])
      const ids = async (query: object) => {
        const page = await traces.listTraces(workspace, { limit: 10, offset: 0, ...query })
        expect(page.total).toBe(page.traces.length)
        return page.traces.map(({ id }) => Number(id.slice(-2)))
      }
      expect(await ids({})).toEqual([4, 3, 2, 1])
      expect(await ids({ status: 'error' })).toEqual([1])
      expect(await ids({ agentName: 'other' })).toEqual([2])
      expect(await ids({ verdict: 'fail' })).toEqual([1])
      expect(await ids({ verdict: 'pass' })).toEqual([2])
      expect(await ids({ verdict: 'unjudged' })).toEqual([4, 3])
      expect(await ids({ manifestId: traceId(77) })).toEqual([3])
      expect(await ids({ search: '100% sure_' })).toEqual([4])
      expect(await ids({ search: "'; DROP TABLE traces; --" })).toEqual([])
      expect(await ids({ routingId: 'rt_9' })).toEqual([2])
      expect(await ids({ skill: 'pdf' })).toEqual([3])
      const second = await traces.listTraces(workspace, { limit: 1, offset: 1 })
      expect(second).toMatchObject({ total: 4, traces: [{ id: traceId(3), verdict: null }] })
    })

    it('are summed up, for one agent or all, and by agent', async () => {
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1) }),
        newTrace({ id: traceId(2), status: 'error', latencyMs: 500 }),
        newTrace({
          id: traceId(3),
          agentName: 'sub',
          parentTraceId: traceId(1),
          latencyMs: null,
          costUsd: null,
        }),
      ])
      await traces.saveOutcomes(workspace, [
        outcome(traceId(1), { kind: 'evaluator', name: 'tone', score: 0.5 }),
        outcome(traceId(2), { verdict: 'fail' }),
      ])
      expect(await traces.traceStats(workspace, null)).toEqual({
        total: 3,
        byStatus: { error: 1, success: 2 },
        passed: 1,
        failed: 1,
        averageScore: 0.5,
        averageLatencyMs: 1_000,
        totalCostUsd: 0.04,
      })
      expect(await traces.traceStats(workspace, 'sub')).toMatchObject({ total: 1, averageLatencyMs: null })
      expect(await traces.listAgents(workspace)).toEqual([
        { agentName: 'helper', traceCount: 2, lastTraceAt: noon, unevaluatedCount: 0, isSubagent: false },
        { agentName: 'sub', traceCount: 1, lastTraceAt: noon, unevaluatedCount: 1, isSubagent: true },
      ])
    })
  })

  describe('verdicts', () => {
    const verdict = async () => (await traces.findTrace(workspace, traceId(1)))?.verdict
    beforeEach(() => traces.saveTraces(workspace, [newTrace({ routingIds: ['rt_1'] })]))

    it('fail with one evaluator that fails, and pass when all do', async () => {
      const of = (name: string, verdict: 'pass' | 'fail' | null) =>
        outcome(traceId(1), { kind: 'evaluator', name, verdict })
      await traces.saveOutcomes(workspace, [of('tone', 'pass'), of('words', null)])
      expect(await verdict()).toBe('pass')
      await traces.saveOutcomes(workspace, [of('facts', 'fail')])
      expect(await verdict()).toBe('fail')
      await traces.saveOutcomes(workspace, [of('facts', 'pass')])
      expect(await verdict()).toBe('pass')
    })

    it('follow an explicit report before evaluators, and a human before both', async () => {
      await traces.saveOutcomes(workspace, [
        outcome(traceId(1), { kind: 'evaluator', name: 'x', verdict: 'fail' }),
      ])
      await traces.saveOutcomes(workspace, [outcome('rt_1', { verdict: 'pass' })])
      expect(await verdict()).toBe('pass')
      await traces.saveOutcomes(workspace, [outcome(traceId(1), { verdict: 'fail', updatedAt: noon + 1 })])
      expect(await verdict()).toBe('fail')
      const human = { kind: 'human', updatedAt: noon + 2 } as const
      await traces.saveOutcomes(workspace, [outcome(traceId(1), { ...human, name: 'a', verdict: 'pass' })])
      expect(await verdict()).toBe('pass')
      const later = { ...human, updatedAt: noon + 3 }
      await traces.saveOutcomes(workspace, [outcome(traceId(1), { ...later, name: 'b', verdict: null })])
      expect(await verdict()).toBe('pass')
      await traces.saveOutcomes(workspace, [outcome(traceId(1), { ...later, name: 'c', verdict: 'review' })])
      expect(await verdict()).toBeNull()
    })

    it('do not come from another workspace', async () => {
      await traces.saveOutcomes('other', [outcome(traceId(1)), outcome('rt_1')])
      expect(await verdict()).toBeNull()
    })
  })

  describe('the rollup', () => {
    const decision = routingDecision({
      routingId: 'rt_1',
      offered: [offeredSkill('pdf'), offeredSkill('xls', { rank: 2 })],
      hinted: ['pdf'],
    })
    const trace = newTrace({
      routingIds: ['rt_1'],
      skills: [traceSkill('pdf'), traceSkill('logged', { isDelivered: false, evidence: 'logged' })],
    })
    const arrivals = {
      decision: () => decisions.saveDecisions([decision]),
      trace: () => traces.saveTraces(workspace, [trace]),
      outcome: () => traces.saveOutcomes(workspace, [outcome('rt_1', { updatedAt: now })]),
    }
    const orders = [
      ['decision', 'trace', 'outcome'],
      ['decision', 'outcome', 'trace'],
      ['trace', 'decision', 'outcome'],
      ['trace', 'outcome', 'decision'],
      ['outcome', 'trace', 'decision'],
      ['outcome', 'decision', 'trace'],
    ] as const

    it.each(orders)('says the same when %s comes before %s and %s', async (...order) => {
      for (const step of order) {
        await arrivals[step]()
        await refresh()
        now += 120_000
      }
      const rows = await readAll(['skill_name', 'skill_id', 'content_hash', 'agent_name', 'model_family'])
      const byName = Object.fromEntries(rows.map((row) => [row.skillName, row]))
      expect(byName['pdf']).toMatchObject({
        skillId: 'id-of-pdf',
        contentHash: 'hash-of-pdf',
        agentName: 'helper',
        modelFamily: 'gpt-4o',
        activations: 1,
        delivered: 1,
        passes: 1,
        fails: 0,
        soloPasses: 0,
        errors: 0,
        latencyMsSum: 1_500,
        latencyCount: 1,
        costUsdSum: 0.02,
        costCount: 1,
        offers: 1,
        hinted: 1,
        offersDelivered: 1,
        offersActivated: 1,
        closed: 1,
        closedHinted: 1,
        hintedActivated: 1,
      })
      expect(byName['xls']).toMatchObject({
        activations: 0,
        offers: 1,
        hinted: 0,
        offersActivated: 0,
        closed: 1,
      })
      expect(byName['logged']).toMatchObject({
        skillId: '',
        contentHash: '',
        activations: 1,
        offers: 0,
        passes: 1,
      })
    })

    it('does not take a delivered skill for an activated one', async () => {
      await arrivals.decision()
      const delivered = traceSkill('xls', { isActivated: false, evidence: 'delivered' })
      await traces.saveTraces(workspace, [newTrace({ routingIds: ['rt_1'], skills: [delivered] })])
      const rows = await readAll()
      expect(rows.find(({ skillName }) => skillName === 'xls')).toMatchObject({
        activations: 0,
        delivered: 1,
        offersDelivered: 1,
        offersActivated: 0,
      })
    })

    it('takes the version a trace witnessed before the offered one, and none where it is ambiguous', async () => {
      await arrivals.decision()
      const with_ = (n: number, members: object) =>
        newTrace({ id: traceId(n), routingIds: ['rt_1'], skills: [traceSkill('pdf', members)] })
      await traces.saveTraces(workspace, [
        with_(1, {}),
        with_(2, { hash: 'newer' }),
        with_(3, { isAmbiguous: true }),
      ])
      const rows = (await readAll(['content_hash'])).filter(({ activations }) => activations > 0)
      expect(rows.map(({ contentHash }) => contentHash).sort()).toEqual(['', 'hash-of-pdf', 'newer'])
    })

    it('unions the traces of one decision and counts it once', async () => {
      await arrivals.decision()
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1), routingIds: ['rt_1'], skills: [traceSkill('pdf')] }),
        newTrace({ id: traceId(2), routingIds: ['rt_1', 'rt_2'], skills: [traceSkill('pdf')] }),
        newTrace({ id: traceId(3), routingIds: ['rt_1'] }),
      ])
      const pdf = (await readAll()).find(({ skillName }) => skillName === 'pdf')
      expect(pdf).toMatchObject({ activations: 2, offers: 1, offersActivated: 1, closed: 1 })
    })

    it('counts solo passes, errors, and nothing of a holdout as offered', async () => {
      await decisions.saveDecisions([{ ...decision, routingId: 'rt_h', holdout: true }])
      const one = newTrace({ id: traceId(1), status: 'error', skills: [traceSkill('pdf')] })
      const two = newTrace({ id: traceId(2), skills: [traceSkill('pdf'), traceSkill('xls')] })
      await traces.saveTraces(workspace, [one, two])
      await traces.saveOutcomes(workspace, [outcome(traceId(1)), outcome(traceId(2), { verdict: 'fail' })])
      const pdf = (await readAll()).find(({ skillName }) => skillName === 'pdf')
      expect(pdf).toMatchObject({ offers: 0, passes: 1, fails: 1, soloPasses: 1, soloFails: 0, errors: 1 })
    })

    it('tells how decisions went that offered a skill, and those that were held back', async () => {
      const held = { ...decision, routingId: 'rt_h', holdout: true, offered: [], hinted: [] }
      const passedOver = [{ skillId: 'id-of-pdf', name: 'pdf', propensity: 1 }]
      await decisions.saveDecisions([decision, { ...held, passedOver }])
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1), routingIds: ['rt_1'], skills: [traceSkill('pdf')] }),
        newTrace({ id: traceId(2), routingIds: ['rt_h'] }),
        newTrace({ id: traceId(3), routingIds: ['rt_h'] }),
      ])
      await traces.saveOutcomes(workspace, [outcome('rt_1'), outcome(traceId(2), { verdict: 'fail' })])
      const pdf = (await readAll()).filter(({ skillName }) => skillName === 'pdf')
      expect(tallyOf(pdf)).toMatchObject({
        offers: 1,
        closed: 1,
        ...{ offeredPasses: 1, offeredJudged: 1, heldOutPasses: 0, heldOutJudged: 1 },
      })
    })

    it('is read by day, agent and skill, and stays in its workspace', async () => {
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1), skills: [traceSkill('pdf')] }),
        newTrace({
          id: traceId(2),
          day: '2026-05-31',
          agentName: 'b',
          skills: [traceSkill('pdf'), traceSkill('xls')],
        }),
      ])
      await traces.saveTraces('other', [newTrace({ skills: [traceSkill('pdf')] })])
      await refresh()
      const read = (query: object) =>
        rollup.readRollup(workspace, { from: '2026-05-01', to: '2026-06-30', by: [], ...query })
      expect(only(await read({}))).toMatchObject({ activations: 3, day: '', skillName: '' })
      expect(only(await read({ from: '2026-06-01' })).activations).toBe(1)
      expect(only(await read({ to: '2026-05-31', by: ['day'] }))).toMatchObject({
        day: '2026-05-31',
        activations: 2,
      })
      expect(only(await read({ agentName: 'b', skillName: 'xls' })).activations).toBe(1)
      expect(await read({ agentName: 'nobody' })).toEqual([])
    })

    it('survives the purge of what it was counted from, and adds what comes later', async () => {
      for (const step of ['decision', 'trace', 'outcome'] as const) await arrivals[step]()
      const before = await readAll(['skill_name', 'content_hash'])
      now = noon + 40 * dayMs
      const recent = newTrace({
        id: traceId(9),
        receivedAt: now,
        day: '2026-07-11',
        skills: [traceSkill('pdf')],
      })
      await traces.saveTraces(workspace, [recent])
      expect(await rollup.purgeEvidence(30)).toBe(3)
      expect(await rollup.purgeEvidence(30)).toBe(0)
      expect(await traces.findTrace(workspace, trace.id)).toBeNull()
      expect(await traces.findTrace(workspace, recent.id)).not.toBeNull()
      expect(await decisions.findDecision(workspace, 'rt_1')).toBeNull()
      const query = { from: '2026-06-01', to: '2026-06-01', by: ['skill_name', 'content_hash'] } as const
      expect(await rollup.readRollup(workspace, query)).toEqual(before)

      const late = newTrace({ id: traceId(10), receivedAt: now, skills: [traceSkill('pdf')] })
      await traces.saveTraces(workspace, [late])
      await refresh()
      await refresh()
      const total = await rollup.readRollup(workspace, { ...query, by: ['skill_name'], skillName: 'pdf' })
      expect(only(total)).toMatchObject({ activations: 2, passes: 1, offers: 1 })
      now += 40 * dayMs
      await rollup.purgeEvidence(30)
      expect(only(await rollup.readRollup(workspace, { ...query, by: [], skillName: 'pdf' }))).toMatchObject({
        activations: 2,
      })
    })

    it('is kept as long as its own workspace says', async () => {
      const old = (id: number) => newTrace({ id: traceId(id), receivedAt: now })
      await traces.saveTraces(workspace, [old(1)])
      await traces.saveTraces('short', [old(2)])
      await traces.saveTraces('long', [old(3)])
      now += 20 * dayMs
      const own = new Map([
        ['short', 7],
        ['long', 90],
      ])
      expect(await rollup.purgeEvidence(30, own)).toBe(1)
      expect(await traces.findTrace('short', traceId(2))).toBeNull()
      now += 20 * dayMs
      expect(await rollup.purgeEvidence(30, own)).toBe(1)
      expect(await traces.findTrace(workspace, traceId(1))).toBeNull()
      expect(await traces.findTrace('long', traceId(3))).not.toBeNull()
    })

    it('does not purge old history that has just been imported', async () => {
      now = noon + 100 * dayMs
      await traces.saveTraces(workspace, [newTrace({ receivedAt: now })])
      expect(await rollup.purgeEvidence(30)).toBe(0)
    })

    it('finds requests a skill was hinted for and not used in, and those that taught something', async () => {
      const asked = (n: number, text: string) => ({ ...decision, routingId: `rt_${n}`, queryText: text })
      await decisions.saveDecisions([
        asked(1, 'used'),
        asked(2, 'missed'),
        asked(3, 'open'),
        asked(4, 'failed'),
      ])
      await traces.saveTraces(workspace, [
        newTrace({ id: traceId(1), routingIds: ['rt_1'], skills: [traceSkill('pdf')] }),
        newTrace({ id: traceId(2), routingIds: ['rt_2'] }),
        newTrace({ id: traceId(4), routingIds: ['rt_4'], skills: [traceSkill('pdf')] }),
      ])
      await traces.saveOutcomes(workspace, [outcome('rt_1'), outcome('rt_4', { verdict: 'fail' })])
      expect((await rollup.listMissed(workspace, 'pdf', 5)).map(({ queryText }) => queryText)).toEqual([
        'missed',
      ])
      expect(await rollup.listMissed(workspace, 'xls', 5)).toEqual([])
      expect(await rollup.listFeedback(workspace, 10)).toEqual([['id-of-pdf', 'used']])
      expect(await rollup.listFeedback('other', 10)).toEqual([])
    })

    it('is counted once by two that do it at the same time', async () => {
      await arrivals.trace()
      const second = createSqlRollupStore(opened.database, () => now)
      await Promise.all([
        rollup.refreshRollup(workspace),
        second.refreshRollup(workspace),
        second.refreshRollup(workspace),
      ])
      expect(
        only(
          await rollup.readRollup(workspace, {
            from: '2026-06-01',
            to: '2026-06-01',
            by: [],
            skillName: 'pdf',
          }),
        ).activations,
      ).toBe(1)
    })
  })
})
