import { createHash } from 'node:crypto'
import { createEligibleMenu, type EligibleMenu } from '@routeiq/router'
import type { HotSkill } from './hot-skill.ts'
import { StableMenuJson } from './stable-menu-json.ts'

/** What callers with this agent and category choose from, with the parts of answers that stay the same. Immutable. */
export interface HotMenu extends EligibleMenu<HotSkill> {
  /** Null where no skill knows the agent: all such agents share one menu. */
  readonly agent: string | null
  readonly category: string | null
  /** Of everything an answer without a query may say; 32 hex digits. */
  readonly digest: string
  /** The members of the envelope about the stable menu. */
  readonly stableJson: StableMenuJson
}

export interface HotMenuOptions {
  readonly agent: string | null
  readonly category: string | null
  readonly entries: readonly HotSkill[]
  readonly preferred: readonly HotSkill[]
  readonly catalogueDigest: string
  readonly stableMenuMaxTokens: number
}

export function createHotMenu(options: HotMenuOptions): HotMenu {
  const { agent, category, preferred, catalogueDigest } = options
  const menu = createEligibleMenu(options)
  const digest = createHash('sha256')
    .update(JSON.stringify([catalogueDigest, agent, category, preferred.map(({ skillId }) => skillId)]))
    .digest('hex')
    .slice(0, 32)
  return { ...menu, agent, category, digest, stableJson: new StableMenuJson(menu.stable) }
}
