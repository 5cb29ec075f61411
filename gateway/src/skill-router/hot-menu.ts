import { createHash } from 'node:crypto'
import { createEligibleMenu, type EligibleMenu, menuInstruction } from '@routeiq/router'
import type { HotSkill } from './hot-skill.ts'

/** What callers with this agent and category choose from, with the parts of answers that stay the same. Immutable. */
export interface HotMenu extends EligibleMenu<HotSkill> {
  /** Null where no skill knows the agent: all such agents share one menu. */
  readonly agent: string | null
  readonly category: string | null
  /** Of everything an answer without a query may say; 32 hex digits. */
  readonly digest: string
  /** The members of the envelope about the stable menu, as JSON text; for a menu that nothing was added to. */
  readonly stableJson: string
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
  return { ...menu, agent, category, digest, stableJson: formatStable(menu.stable) }
}

/** `stable_menu`, `stable_menu_skills` and `menu_instruction`, in this order, without braces. */
export function formatStable({ text, names }: EligibleMenu<HotSkill>['stable']): string {
  return `"stable_menu":${JSON.stringify(text)},"stable_menu_skills":${JSON.stringify(names)},"menu_instruction":${instruction}`
}

const instruction = JSON.stringify(menuInstruction)
