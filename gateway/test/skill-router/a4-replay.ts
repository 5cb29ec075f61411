import { createHash } from 'node:crypto'
import { createSeededRandom } from '@routeiq/router'
import { expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { type Body, namesOf, type Stage } from './stage.ts'

const slots = 4
const exploreRate = 0.5
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Chance in decisions: drawn from their ids, and kept as probabilities. */
export function describeReplay(stage: () => Stage): void {
  it('a decision follows from its id: whether it explored can be told from it, and what it kept is what it offered', async () => {
    const workspace = await stage().open('replay')
    await workspace.sync(
      Array.from({ length: 40 }, (_, n) => ({ name: `report-${n}`, description: `Write report ${n}.` })),
    )
    let explorations = 0
    for (let run = 0; run < 24; run += 1) {
      const routed = await workspace.route('write a report', { top_k: slots, explain: true })
      const seed = createHash('sha256').update(routed.routing_id).digest()
      const random = createSeededRandom(seed)
      // The first number decides on a holdout, the second on exploring.
      random.next()
      const explores = random.next() < exploreRate
      const explored = routed.explain.rows.filter((row: Body) => row.explored)
      expect(explored.length).toBe(explores ? 1 : 0)
      explorations += explored.length
      const propensities: number[] = routed.explain.rows.map((row: Body) => row.propensity)
      expect(sum(propensities)).toBeCloseTo(slots, 2)
      expect(propensities.slice(0, slots - 1)).toEqual([1, 1, 1])
      const kept = await waitUntil('the decision can be read', async () => {
        const answer = await workspace.send('GET', `/skills/routing/${routed.routing_id}`)
        return answer.status === 200 ? answer.json() : null
      })
      expect(kept.offered).toEqual(namesOf(routed.skills))
      expect(kept.rows.map((row: Body) => row.explored)).toEqual(
        routed.skills.map(({ name }: Body) => explored.some((row: Body) => row.name === name)),
      )
    }
    // Each is held above to what its id says; that all fall alike happens once in eight million runs.
    expect(explorations).toBeGreaterThan(0)
    expect(explorations).toBeLessThan(24)
  })

  it('a repeated call with one Idempotency-Key gets the same offer, also of a caller with the same key alone', async () => {
    const workspace = await stage().open('repeated')
    const other = await stage().open('repeated-elsewhere')
    await workspace.sync([{ name: 'refund', description: 'Handles a refund.' }])
    const once = { 'idempotency-key': 'turn-1' }
    const ask = async (who: typeof workspace, headers: Record<string, string>): Promise<Body> =>
      (await who.send('POST', '/skills/route', { query: 'a refund' }, headers)).json()
    const first = await ask(workspace, once)
    expect(await ask(workspace, once)).toEqual(first)
    for (const different of [await ask(workspace, { 'idempotency-key': 'turn-2' }), await ask(other, once)])
      expect(different.routing_id).not.toBe(first.routing_id)
  })

  it('a dry run leaves chance out and has no id', async () => {
    const workspace = await stage().open('dry')
    await workspace.sync([{ name: 'refund', description: 'Handles a refund.' }])
    const dry = await workspace.route('a refund', { dry_run: true, explain: true })
    expect(dry).toMatchObject({ routing_id: null, decision_persisted: false })
    expect(dry.explain.rows).toMatchObject([{ name: 'refund', propensity: 1, explored: false }])
  })
}
