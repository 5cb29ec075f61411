import { effectivenessFactor, explorationBonus, finalScore } from '../effectiveness/rerank.ts'
import type { EffectivenessSnapshot } from '../effectiveness/snapshot.ts'
import type { SearchResult } from '../retrieval/search-result.ts'
import type { MenuEntry } from './menu-entry.ts'

/** A skill as retrieval found it. */
export interface Candidate<Skill extends MenuEntry> extends Omit<SearchResult, 'id'> {
  readonly skill: Skill
}

/** A candidate with what is known about its success. */
export interface RankedCandidate<Skill extends MenuEntry> extends Candidate<Skill> {
  /** What success multiplies the match strength by; 1 when nothing is known. */
  readonly factor: number
  /** What a skill with little evidence is given on top. */
  readonly bonus: number
  readonly final: number
  /** Judged activations at the level used. */
  readonly judged: number
  readonly offers30d: number
}

/** Orders candidates by match strength, success and exploration bonus; ties by name. Null leaves success out. */
export function rankCandidates<Skill extends MenuEntry>(
  candidates: readonly Candidate<Skill>[],
  effectiveness: Pick<EffectivenessSnapshot, 'find'> | null,
  modelFamily: string | null,
): RankedCandidate<Skill>[] {
  const ranked = candidates.map((candidate) => rate(candidate, effectiveness, modelFamily))
  return ranked.sort((a, b) => b.final - a.final || (a.skill.name < b.skill.name ? -1 : 1))
}

function rate<Skill extends MenuEntry>(
  candidate: Candidate<Skill>,
  effectiveness: Pick<EffectivenessSnapshot, 'find'> | null,
  modelFamily: string | null,
): RankedCandidate<Skill> {
  const { skill, fused, relevance, score, lists } = candidate
  const known = effectiveness?.find(skill.skillId, modelFamily) ?? null
  const judged = known?.judged ?? 0
  const offers30d = known?.offers30d ?? 0
  const factor = effectivenessFactor(known)
  const bonus = effectiveness === null ? 0 : explorationBonus(judged, offers30d)
  return {
    skill,
    fused,
    relevance,
    score,
    lists,
    factor,
    bonus,
    final: effectiveness === null ? fused : finalScore(fused, known),
    judged,
    offers30d,
  }
}
