import type { SkillEffectiveness } from './snapshot.ts'

/** Below this many judged activations a skill counts as unproven. */
export const provenFrom = 10

/** How far effectiveness may move a score, as a share of it: 0.015 below ten judged activations, at most 0.25. */
export function effectivenessCap(judged: number): number {
  return judged < provenFrom ? 0.015 : (0.25 * judged) / (judged + 20)
}

export const greatestBonus = 0.01

/** What a skill without a record is given so that it is seen at all; it shrinks with every offer. */
export function explorationBonus(judged: number, offers30d: number): number {
  return judged < provenFrom ? greatestBonus / Math.sqrt(1 + offers30d) : 0
}

/** The factor retrieval's score is multiplied by; 1 when nothing is known. */
export function effectivenessFactor(known: SkillEffectiveness | null): number {
  if (known === null) return 1
  const cap = effectivenessCap(known.judged)
  return 1 + Math.min(cap, Math.max(-cap, known.posteriorMean - known.workspaceMean))
}

/** final(s): the fused score with the skill's record in it. Activation rate never enters: it would feed itself. */
export function finalScore(fused: number, known: SkillEffectiveness | null): number {
  return fused * effectivenessFactor(known) + explorationBonus(known?.judged ?? 0, known?.offers30d ?? 0)
}
