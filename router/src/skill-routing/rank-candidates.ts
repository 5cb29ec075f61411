import { effectivenessFactor, explorationBonus, finalScore, greatestBonus } from '../effectiveness/rerank.ts'
import type { EffectivenessSnapshot } from '../effectiveness/snapshot.ts'
import type { SearchResult } from '../retrieval/search-result.ts'
import type { MenuEntry } from './menu-entry.ts'

/** A skill as retrieval found it. */
export interface Candidate<Skill extends MenuEntry> extends Omit<SearchResult, 'id' | 'place'> {
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

/** What ranking reads of a workspace's record. */
type TrackRecord = Pick<EffectivenessSnapshot, 'find' | 'greatestFactor'>

/**
 * Orders candidates by match strength, success and exploration bonus; ties by name. Null leaves success out.
 *
 * @param candidates the greatest `fused` first; not read on once no more of them can be among the first `wanted`
 * @param wanted how many to answer at most
 */
export function rankCandidates<Skill extends MenuEntry>(
  candidates: Iterable<Candidate<Skill>>,
  effectiveness: TrackRecord | null,
  modelFamily: string | null,
  wanted: number,
): RankedCandidate<Skill>[] {
  const ranked: RankedCandidate<Skill>[] = []
  const factor = effectiveness?.greatestFactor ?? 1
  const bonus = effectiveness === null ? 0 : greatestBonus
  for (const candidate of candidates) {
    if (ranked.length >= wanted && countAbove(ranked, candidate.fused * factor + bonus) >= wanted) break
    ranked.push(rate(candidate, effectiveness, modelFamily))
  }
  ranked.sort((a, b) => b.final - a.final || (a.skill.name < b.skill.name ? -1 : 1))
  return ranked.length > wanted ? ranked.slice(0, wanted) : ranked
}

function countAbove(ranked: readonly RankedCandidate<MenuEntry>[], limit: number): number {
  let count = 0
  for (let index = 0; index < ranked.length; index++)
    if ((ranked[index] as RankedCandidate<MenuEntry>).final > limit) count++
  return count
}

function rate<Skill extends MenuEntry>(
  candidate: Candidate<Skill>,
  effectiveness: TrackRecord | null,
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
