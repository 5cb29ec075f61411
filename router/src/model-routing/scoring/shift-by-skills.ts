import type { SkillInteraction } from '../../effectiveness/skill-interactions.ts'
import type { Scores } from './scorer.ts'
import { shiftQualities } from './shift-qualities.ts'

/** A skill that a model will be offered. */
export interface OfferedSkill {
  readonly name: string
  /** Told with the shift; outcomes of all versions count. Null where nobody says. */
  readonly version: string | null
  /** Chance that it is used, 0 to 1. */
  readonly chance: number
  /** What it surely does under every model when it is used, in log-odds; null where nobody knows. */
  readonly lift: number | null
  /** How it goes under each candidate; null where nobody knows. By position. */
  readonly interactions: readonly (SkillInteraction | null)[]
}

/** What a skill did to the estimate of the chosen model, for explanation. */
export interface SkillShift {
  readonly skill: string
  readonly version: string | null
  readonly pi: number
  /** In log-odds, of every candidate. */
  readonly lift: number
  /** By position of the candidates, in log-odds, and the judged activations behind it. */
  readonly shifts: readonly number[]
  readonly judged: readonly number[]
}

/** Not all of what was seen will hold. */
const trust = 0.7
const doubt = 20
/** Few outcomes may hardly move anything. */
const fewJudged = 10
const mostShiftOfFew = 0.05
const mostShift = 0.8

/**
 * Moves estimates to what the offered skills do under each model, and widens the doubt by theirs. What a skill does for all of them
 * ranks none above another, but a cheap one may be good enough with it.
 */
export function shiftBySkills(scores: Scores, offered: readonly OfferedSkill[]): readonly SkillShift[] {
  const total = offered.reduce((sum, { chance }) => sum + chance, 0)
  const scale = total > 1 ? 1 / total : 1
  const shares = offered.map(({ chance, interactions }) =>
    interactions.map((found) =>
      found === null ? 0 : trust * chance * scale * (found.weight / (found.weight + doubt)),
    ),
  )
  const lifts = offered.map(({ chance, lift }) => chance * scale * (lift ?? 0))
  const lift = Math.min(
    mostShift,
    lifts.reduce((sum, one) => sum + one, 0),
  )
  const size = scores.q.length
  const moves = Array.from({ length: size }, (_, at) => {
    let shift = 0
    let variance = 0
    let judged = 0
    offered.forEach(({ interactions }, skill) => {
      const found = interactions[at] ?? null
      const share = shares[skill]?.[at] ?? 0
      if (found === null) return
      shift += share * found.shift
      variance += share ** 2 * found.variance
      judged = Math.max(judged, found.judged)
    })
    const most = judged < fewJudged ? mostShiftOfFew : mostShift
    const q = scores.q[at] as number
    const slope = q * (1 - q)
    scores.sigma[at] = Math.sqrt((scores.sigma[at] as number) ** 2 + slope ** 2 * variance)
    return moveLogOdds(q, lift + Math.max(-most, Math.min(most, shift))) - q
  })
  shiftQualities(scores, 'skill', moves)
  return offered.map(({ name, version, chance, interactions }, skill) => ({
    ...{ skill: name, version },
    pi: chance * scale,
    lift: lifts[skill] ?? 0,
    shifts: interactions.map((found, at) => (shares[skill]?.[at] ?? 0) * (found?.shift ?? 0)),
    judged: interactions.map((found) => found?.judged ?? 0),
  }))
}

/** What is certain stays so. */
function moveLogOdds(q: number, shift: number): number {
  if (q <= 0 || q >= 1 || shift === 0) return q
  return 1 / (1 + Math.exp(-(Math.log(q / (1 - q)) + shift)))
}
