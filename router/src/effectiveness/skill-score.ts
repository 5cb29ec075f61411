/** What a SkillScore is made of; absent legs are null. Rates and ratings are 0–1. */
export interface SkillScoreEvidence {
  readonly benchmark: {
    readonly passWith: number
    readonly passWithout: number
    readonly cases: number
    readonly errorDominated: boolean
  } | null
  readonly live: { readonly effectiveness: number; readonly judged: number } | null
  readonly judge: { readonly meanRating: number; readonly ratings: number } | null
}

interface SkillScoreLeg {
  readonly name: 'benchmark' | 'live' | 'judge'
  /** Shrunk towards 0.5 by how little evidence there is. */
  readonly value: number
  readonly n: number
  readonly weight: number
}

export interface SkillScore {
  /** 0–100 with one decimal, null when there is nothing to go by. */
  readonly score: number | null
  /** Rests on one kind of evidence alone. */
  readonly provisional: boolean
  readonly legs: readonly SkillScoreLeg[]
}

export function computeSkillScore(evidence: SkillScoreEvidence): SkillScore {
  const legs = [benchmarkLeg(evidence), liveLeg(evidence), judgeLeg(evidence)].filter((leg) => leg !== null)
  if (legs.length === 0) return { score: null, provisional: false, legs }
  const weight = legs.reduce((sum, leg) => sum + leg.weight, 0)
  const mean = legs.reduce((sum, leg) => sum + leg.weight * leg.value, 0) / weight
  return { score: Math.round(1000 * mean) / 10, provisional: legs.length === 1, legs }
}

function benchmarkLeg({ benchmark }: SkillScoreEvidence): SkillScoreLeg | null {
  if (benchmark === null || benchmark.errorDominated || benchmark.cases < 3) return null
  const { passWith, passWithout, cases } = benchmark
  const value = 0.5 * passWith + 0.5 * (0.5 + (passWith - passWithout) / 2)
  return { name: 'benchmark', value: shrink(value, cases, 20), n: cases, weight: 0.4 }
}

function liveLeg({ live }: SkillScoreEvidence): SkillScoreLeg | null {
  if (live === null || live.judged < 10) return null
  return { name: 'live', value: shrink(live.effectiveness, live.judged, 30), n: live.judged, weight: 0.4 }
}

function judgeLeg({ judge }: SkillScoreEvidence): SkillScoreLeg | null {
  if (judge === null || judge.ratings < 5) return null
  return { name: 'judge', value: shrink(judge.meanRating, judge.ratings, 20), n: judge.ratings, weight: 0.2 }
}

function shrink(value: number, n: number, strength: number): number {
  const trust = n / (n + strength)
  return trust * value + (1 - trust) * 0.5
}
