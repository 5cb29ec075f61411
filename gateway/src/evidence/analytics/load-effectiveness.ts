import { buildEffectivenessSnapshot, type EffectivenessSnapshot } from '@routeiq/router'
import { daysBefore, daysBetween, utcDay } from '../utc-day.ts'
import type { RollupStore } from './rollup-store.ts'

/** A year is twelve half-lives: what is older weighs less than a four-thousandth. */
const windowDays = 365

/** What the ranking goes by: everything a workspace learned in a year, weighted by age. */
export async function loadEffectiveness(
  store: Pick<RollupStore, 'refreshRollup' | 'readRollup'>,
  workspaceId: string,
  now: number,
): Promise<EffectivenessSnapshot> {
  await store.refreshRollup(workspaceId)
  const today = utcDay(now)
  const rows = await store.readRollup(workspaceId, {
    from: daysBefore(today, windowDays - 1),
    to: daysBefore(today, -1),
    by: ['skill_id', 'skill_name', 'model_family', 'day'],
  })
  return buildEffectivenessSnapshot(
    rows
      .filter(({ skillId }) => skillId !== '')
      .map(({ skillId, skillName, modelFamily, day, passes, fails, offers, activations, ...trial }) => ({
        ...{ skillId, skillName, activations, trial },
        modelFamily,
        ageDays: Math.max(0, daysBetween(day, today)),
        passes,
        fails,
        offers,
      })),
  )
}
