import { modelFamilyOf } from '@routeiq/router'
import type { RollupDimension, RollupQuery, RollupRow } from '../analytics/rollup-store.ts'
import { daysBefore, utcDay } from '../utc-day.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'

interface Filter {
  readonly agentName: string | null
  readonly skillName: string | null
}

/** Reads counts for the analytics of one workspace, fresh ones first. */
export class AnalyticsReader {
  readonly #deps: Pick<EvidenceDependencies, 'store' | 'skills' | 'now'>

  constructor(deps: Pick<EvidenceDependencies, 'store' | 'skills' | 'now'>) {
    this.#deps = deps
  }

  /**
   * What is asked for in the last days up to today, the same by skill in as many days before them, and every skill of
   * the workspace, whoever used it, for the prior.
   */
  async read(
    workspaceId: string,
    windowDays: number,
    filter: Filter,
    by: readonly RollupDimension[],
  ): Promise<readonly [rows: readonly RollupRow[], before: readonly RollupRow[], all: readonly RollupRow[]]> {
    const { store, now } = this.#deps
    await store.refreshRollup(workspaceId)
    const today = utcDay(now())
    // Clocks of senders may be ahead by a day.
    const window = { from: daysBefore(today, windowDays - 1), to: daysBefore(today, -1) }
    const earlier = { from: daysBefore(today, 2 * windowDays - 1), to: daysBefore(today, windowDays) }
    const chosen = chooseRows(filter)
    return Promise.all([
      store.readRollup(workspaceId, { ...window, ...chosen, by }),
      store.readRollup(workspaceId, { ...earlier, ...chosen, by: ['skill_name'] }),
      store.readRollup(workspaceId, { ...window, by: ['skill_name'] }),
    ])
  }

  /** By version and model family, from the first day on. */
  async readAllTime(
    workspaceId: string,
    { model, ...filter }: Filter & { readonly model: string | null },
  ): Promise<readonly RollupRow[]> {
    const { store, now } = this.#deps
    await store.refreshRollup(workspaceId)
    const rows = await store.readRollup(workspaceId, {
      from: '2000-01-01',
      to: daysBefore(utcDay(now()), -1),
      ...chooseRows(filter),
      by: ['content_hash', 'model_family'],
    })
    return model === null ? rows : rows.filter(({ modelFamily }) => modelFamily === modelFamilyOf(model))
  }

  /** By skill and hash; a skill that is not in the store any more has none. */
  async versionNumbers(
    workspaceId: string,
    skillIds: readonly string[],
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
    const numbers = new Map(skillIds.map((skillId) => [skillId, new Map<string, number>()]))
    if (skillIds.length === 0) return numbers
    for (const { skillId, contentHash, versionNumber } of await this.#deps.skills.listVersionNumbers(
      workspaceId,
      skillIds,
    ))
      numbers.get(skillId)?.set(contentHash, versionNumber)
    return numbers
  }
}

function chooseRows({ agentName, skillName }: Filter): Pick<RollupQuery, 'agentName' | 'skillName'> {
  return { ...(agentName === null ? {} : { agentName }), ...(skillName === null ? {} : { skillName }) }
}
