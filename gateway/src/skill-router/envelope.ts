import { type Decision, type DecisionRow, renderRoutingHint } from '@routeiq/router'
import { toOctets } from '../http/octet-text.ts'
import type { HotMenu } from './hot-menu.ts'
import type { HotSkill } from './hot-skill.ts'
import type { Routed } from './skill-router.ts'
import { round, toSkillRows } from './skill-row.ts'

/**
 * What menu and route answer: one fragment for clients that place it whole, and the split form for those that keep
 * the stable part where a provider can cache it. Neither generation of clients may miss a field. This is the beginning,
 * which `formatContent` and a brace follow. One octet a character, as all of these.
 */
export function formatHead(
  { routingId, decision, degradedReason }: Pick<Routed, 'routingId' | 'decision' | 'degradedReason'>,
  persisted: boolean,
): string {
  const strategy = `"strategy":"${decision.strategy}","routing_id":${JSON.stringify(routingId)}`
  const degraded = degradedReason === null ? '' : `"degraded_reason":"${degradedReason}",`
  return `{${strategy},${degraded}"decision_persisted":${persisted},`
}

export interface ContentOptions {
  readonly includeAttachments: boolean
  readonly explain: boolean
}

/** The members of an envelope that the id of the decision does not change, as JSON without braces. */
export function formatContent(
  decision: Decision<HotSkill>,
  menu: HotMenu,
  { includeAttachments, explain }: ContentOptions,
): string {
  const changing = JSON.stringify({
    prompt_fragment: decision.promptFragment,
    skills: toSkillRows(decision.rows, menu.agent, includeAttachments),
    routing_hint: renderRoutingHint(decision.hinted.map(({ name }) => name)),
    skill_count: decision.rows.length,
    desc_tokens: menu.descriptionTokens,
    rows_total: menu.entries.length,
    abstained: decision.abstained,
    ...(decision.abstained ? { reason: 'no_relevant_skill' } : {}),
    ...(decision.holdout ? { holdout: true } : {}),
    ...(explain ? { explain: explainDecision(decision) } : {}),
  })
  return `${toOctets(changing).slice(1, -1)},${menu.stableJson.format(decision.stable)}`
}

function explainDecision({ rows, passedOver }: Decision<HotSkill>): object {
  return {
    rows: [...rows.map((row) => explainRow(row, true)), ...passedOver.map((row) => explainRow(row, false))],
  }
}

function explainRow(row: DecisionRow<HotSkill>, offered: boolean): object {
  const { skill, ranking } = row
  return {
    name: skill.name,
    rank: row.rank,
    offered,
    explored: row.explored,
    propensity: round(row.propensity),
    lists: ranking?.lists ?? {},
    fused: round(ranking?.fused ?? 0),
    final: round(ranking?.final ?? 0),
    effectiveness: round(ranking?.factor ?? 1),
    judged: ranking?.judged ?? 0,
    bonus: round(ranking?.bonus ?? 0),
  }
}
