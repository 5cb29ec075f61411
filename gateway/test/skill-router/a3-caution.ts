import { expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import type { Body, Stage } from './stage.ts'

/** How far success may move what the router offers. */
export function describeCaution(stage: () => Stage): void {
  it('below ten verdicts by 1.5 %, at two hundred by 22.7 %', async () => {
    const workspace = await stage().open('caution')
    const skills = [
      'new-and-failing',
      'new-and-passing',
      'proven-failing',
      'proven-passing',
      'proven-middling',
    ]
    await workspace.write(skills.map((name) => ({ name, description: `Handles a report, ${name}.` })))
    // What is known is read when a workspace first routes, and once a minute from then on.
    await workspace.report('new-and-failing', 0, 9)
    await workspace.report('new-and-passing', 9, 0)
    await workspace.report('proven-failing', 0, 200)
    await workspace.report('proven-passing', 200, 0)
    await workspace.report('proven-middling', 100, 100)
    const rows: Body[] = await waitUntil('what is known is in memory', async () => {
      const { explain } = await workspace.route('handle a report', { dry_run: true, explain: true })
      return explain.rows.some(({ judged }: Body) => judged === 200) ? explain.rows : null
    })
    const factorOf = (name: string): number => rows.find((row) => row.name === name).effectiveness
    for (const name of ['new-and-failing', 'new-and-passing']) {
      expect(factorOf(name)).toBeGreaterThanOrEqual(0.985)
      expect(factorOf(name)).toBeLessThanOrEqual(1.015)
      expect(factorOf(name)).not.toBe(1)
    }
    const cap = (0.25 * 200) / 220
    expect(factorOf('proven-failing')).toBeCloseTo(1 - cap, 4)
    expect(factorOf('proven-passing')).toBeCloseTo(1 + cap, 4)
    expect(Math.abs(factorOf('proven-middling') - 1)).toBeLessThan(0.05)
  })
}
