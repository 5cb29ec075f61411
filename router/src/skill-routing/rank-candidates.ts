import type { MenuEntry } from './menu-entry.ts'

/** What is known about the success of skills; null for a skill never judged or offered. */
export interface EffectivenessSnapshot {
  find(
    skillId: string,
    modelFamily: string | null,
  ): {
    readonly posteriorMean: number
    readonly workspaceMean: number
    readonly judged: number
    readonly offers30d: number
  } | null
}

/** A skill as retrieval found it. */
export interface Candidate<Skill extends MenuEntry> {
  readonly skill: Skill
  /** Fused match strength; only its order and proportions count. */
  readonly fused: number
  /** Absolute match strength, 0 to 1. */
  readonly relevance: number
  /** The estimated chance that it is the right one, 0 to 1. */
  readonly score: number
}

/** A candidate with what is known about its success. */
export interface RankedCandidate<Skill extends MenuEntry> extends Candidate<Skill> {
  /** How far success moves it: between −0.25 and 0.25, added to 1. */
  readonly effect: number
  /** What a skill with little evidence is given on top. */
  readonly bonus: number
  readonly final: number
  /** Judged activations at the level used. */
  readonly judged: number
  readonly offers30d: number
}

/** Below this many judged activations a skill counts as unproven. */
export const provenAfter = 10

/** Orders candidates by match strength, success and exploration bonus; ties by name. */
export function rankCandidates<Skill extends MenuEntry>(
  candidates: readonly Candidate<Skill>[],
  effectiveness: EffectivenessSnapshot | null,
  modelFamily: string | null,
): RankedCandidate<Skill>[] {
  const ranked = candidates.map((candidate) => rate(candidate, effectiveness, modelFamily))
  return ranked.sort((a, b) => b.final - a.final || (a.skill.name < b.skill.name ? -1 : 1))
}

function rate<Skill extends MenuEntry>(
  candidate: Candidate<Skill>,
  effectiveness: EffectivenessSnapshot | null,
  modelFamily: string | null,
): RankedCandidate<Skill> {
  const known = effectiveness?.find(candidate.skill.skillId, modelFamily) ?? null
  const judged = known?.judged ?? 0
  const offers30d = known?.offers30d ?? 0
  const effect = known === null ? 0 : limitEffect(known.posteriorMean - known.workspaceMean, judged)
  const bonus = effectiveness !== null && judged < provenAfter ? 0.01 / Math.sqrt(1 + offers30d) : 0
  return { ...candidate, effect, bonus, final: candidate.fused * (1 + effect) + bonus, judged, offers30d }
}

/** How far success may move a skill grows with the evidence; unproven, it is at most one place. */
function limitEffect(difference: number, judged: number): number {
  const limit = judged < provenAfter ? 0.015 : (0.25 * judged) / (judged + 20)
  return Math.max(-limit, Math.min(limit, difference))
}
