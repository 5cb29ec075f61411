import { expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import type { Body, Stage, Workspace } from './stage.ts'

/** What numbers may be off by. Expected values were computed once with SciPy 1.17.1. */
const digits = 9

const near = (actual: Body, expected: number | readonly number[]): void => {
  for (const [index, value] of [expected].flat().entries())
    expect([actual].flat()[index]).toBeCloseTo(value, digits)
}

const counted = (workspace: Workspace, skill: string, judged: number): Promise<Body> =>
  waitUntil(`${judged} verdicts on ${skill} are counted`, async () => {
    const { skills } = await workspace.ask('GET', '/skills/analytics/metrics?agent_name=helper')
    const row = skills.find(({ name }: Body) => name === skill)
    return row?.judged_count === judged ? row : null
  })

const daysAgo = (days: number): object => {
  const at = Date.now() - days * 86_400_000
  return { started_at: new Date(at - 60_000).toISOString(), ended_at: new Date(at).toISOString() }
}

/** The formulas, from traces to what the analytics answer. */
export function describeStatistics(stage: () => Stage): void {
  /** Passes and judged; effectiveness with its interval; pass rate interval. */
  const shrunk = [
    [
      'solid',
      45,
      60,
      0.7386904377878407,
      [0.6464890522342297, 0.8226323104681561],
      [0.627676890545152, 0.8422361442158816],
    ],
    [
      'even',
      7,
      10,
      0.6728336445887706,
      [0.47435386868478485, 0.8463159282853077],
      [0.3967732199795652, 0.892210712513788],
    ],
    [
      'weak',
      3,
      12,
      0.37877171110327335,
      [0.2041851029801457, 0.5689358355330261],
      [0.08894003962896137, 0.53231033912066],
    ],
    [
      'rare',
      5,
      6,
      0.7295994635806649,
      [0.5076123384504407, 0.9072687256083114],
      [0.4364905634363539, 0.9699474141282696],
    ],
    [
      'poor',
      1,
      9,
      0.32187064800648163,
      [0.1448812151495852, 0.5263613391940938],
      [0.019890371327130518, 0.4350062147680602],
    ],
    ['young', 3, 3, 0.750168622350865, [0.4977641545055986, 0.938173871096464], [0.4384939195509822, 1]],
  ] as const

  it('shrinkage, Beta quantiles, Wilson, and the leaderboard by what is certain', async () => {
    const workspace = await stage().open('shrinkage')
    for (const [name, passes, judged] of shrunk) await workspace.report(name, passes, judged - passes)
    for (const [name, passes, judged, effectiveness, interval, rates] of shrunk) {
      const row = await counted(workspace, name, judged)
      expect(row).toMatchObject({ pass_count: passes, fail_count: judged - passes })
      near(row.pass_rate, passes / judged)
      near(row.effectiveness, effectiveness)
      near(row.effectiveness_ci, interval)
      near(row.pass_rate_ci, rates)
      const [model] = row.by_model
      near(model.effectiveness, (10 * effectiveness + passes) / (10 + judged))
    }
    const { leaderboard } = await workspace.ask('GET', '/skills/analytics/leaderboard?agent_name=helper')
    expect(leaderboard.map(({ name, provisional }: Body) => [name, provisional])).toEqual([
      ['solid', false],
      ['even', false],
      ['weak', false],
      ['rare', true],
      ['young', true],
      ['poor', true],
    ])
    near(leaderboard[0].effectiveness_lower, 0.6464890522342297)
  })

  it.each([
    ['improving', [30, 60], [42, 60], 'two_proportion_z', 2.2360679774997894, 0.025347318677468277],
    ['degrading', [25, 25], [20, 25], 'fisher_exact', null, 0.050151975683890584],
    ['stable', [42, 60], [40, 60], 'two_proportion_z', undefined, undefined],
    ['insufficient_data', [19, 19], [2, 60], null, null, null],
  ] as const)('the trend is %s from %j to %j', async (status, before, now, test, z, p) => {
    const workspace = await stage().open(`trend-${status}`)
    await workspace.report('moving', before[0], before[1] - before[0], daysAgo(45))
    await workspace.report('moving', now[0], now[1] - now[0], daysAgo(1))
    const { trend, trend_detail: detail } = await counted(workspace, 'moving', now[1])
    expect([trend, detail.status]).toEqual([status === 'insufficient_data' ? 'stable' : status, status])
    expect(detail).toMatchObject({ n1: before[1], n2: now[1], test })
    if (typeof z === 'number') near(detail.z, z)
    else if (z === null) expect(detail.z).toBeNull()
    if (typeof p === 'number') near(detail.p_value, p)
    else if (p === null) expect(detail.p_value).toBeNull()
  })

  it.each([
    [
      'improved',
      undefined,
      [40, 60],
      [50, 60],
      'two_proportion_z',
      0.035014981019662404,
      [0.011226223573025246, 0.3126421119039664],
      1336.414507099698,
    ],
    [
      'regressed',
      undefined,
      [25, 25],
      [18, 25],
      'fisher_exact',
      0.009625126646403241,
      [-0.47576971896558296, -0.08880620736710026],
      null,
    ],
    [
      'inconclusive',
      'no_significant_difference',
      [25, 25],
      [20, 25],
      'fisher_exact',
      0.050151975683890584,
      [-0.39131335536538236, -0.026361714228151256],
      null,
    ],
  ] as const)(
    'the comparison is %s (%s) from %j to %j',
    async (verdict, reason, before, after, test, p, interval, needed) => {
      const workspace = await stage().open(`compare-${before.join('-')}-${after.join('-')}`)
      const [old, fresh] = ['a'.repeat(64), `b${'c'.repeat(63)}`]
      const witness = (hash: string): object => ({ skills_delivered_versions: [{ name: 'versioned', hash }] })
      await workspace.report('versioned', before[0], before[1] - before[0], witness(old))
      await workspace.report('versioned', after[0], after[1] - after[0], witness(`sha256:${fresh}`))
      await counted(workspace, 'versioned', before[1] + after[1])
      const query = `skill_name=versioned&baseline_hash=${old}&candidate_hash=${fresh.slice(0, 12)}`
      const compared = await workspace.ask('GET', `/skills/analytics/compare?${query}`)
      expect(compared).toMatchObject({ verdict, test, alpha: 0.05, min_effect: 0.02 })
      expect(compared.reason).toBe(reason)
      near(compared.p_value, p)
      near(compared.delta_pass_rate, after[0] / after[1] - before[0] / before[1])
      near(compared.delta_ci, interval)
      // From a rate of 1 nothing is 0.05 better.
      expect(compared.required_n_per_arm).toBe(needed === null ? null : Math.ceil(needed))
    },
  )

  it('the SkillScore of what three workspaces share and five rate', async () => {
    const { gateway } = stage()
    const owner = await stage().open('score-owner')
    await owner.sync([{ name: 'shared-skill', description: 'Handles what is shared.' }])
    await owner.ask('POST', '/skills/shared-skill/publish?category=x')
    for (const name of ['score-1', 'score-2', 'score-3']) {
      const user = await stage().open(name)
      await user.ask('POST', '/registry/skills/shared-skill/use')
      const shares = await call(gateway.url, '/api/v1/registry/sharing', {
        ...{ method: 'PUT', key: gateway.masterKey, headers: { 'x-workspace-id': name } },
        body: { enabled: true },
      })
      expect(shares.json()).toMatchObject({ workspace_id: name, enabled: true })
      await waitUntil('the link is in the index', async () => (await user.menu()).rows_total === 1)
      const { routing_id } = await user.route('what is shared')
      await user.report('shared-skill', 8, 2, { routing_id })
      // Whose skill it is, tells the decision, which is written a moment after it was made.
      await waitUntil(
        'the skill is known by its id',
        async () => (await counted(user, 'shared-skill', 10)).skill_id !== null,
      )
    }
    for (const [index, rating] of [5, 4, 4, 4, 3].entries())
      await (await stage().open(`score-rater-${index}`)).ask('POST', '/registry/skills/shared-skill/rate', {
        rating,
      })
    const { effectiveness } = await owner.ask('GET', '/registry/skills/shared-skill')
    // The mean of all public skills is (24 + 1) / (30 + 2), and e = (10 · 0.78125 + 24) / 40.
    const e = 0.7953125
    near(effectiveness.avg_effectiveness, e)
    const legs = effectiveness.score_components.legs
    expect(legs.map(({ name, n, weight }: Body) => [name, n, weight])).toEqual([
      ['live', 30, 0.4],
      ['judge', 5, 0.2],
    ])
    near(legs[0].value, 0.5 * e + 0.5 * 0.5)
    near(legs[1].value, 0.2 * 0.75 + 0.8 * 0.5)
    expect(effectiveness.score_components.provisional).toBe(false)
    expect(effectiveness.skill_score).toBe(0.615)
  })
}
