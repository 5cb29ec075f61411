import { betaQuantile } from './beta.ts'

/** Judged activations of one skill. */
export interface JudgedCounts {
  /** Σω, the judged activations weighted by age. */
  readonly weight: number
  /** Σω·y, the passes among them. */
  readonly passes: number
  /** Judged activations as they are, without weights. */
  readonly judged: number
}

/** What is believed of a skill nobody has judged yet: Beta(κμ, κ(1−μ)). */
export interface Prior {
  readonly mean: number
  /** κ, how many judged activations the prior is worth. */
  readonly strength: number
}

/** A Beta distribution of a pass rate. */
export interface Posterior {
  readonly a: number
  readonly b: number
}

const fewestJudged = 5
const fewestSkills = 5
const defaultStrength = 10
/** κ1, how strongly a model's own counts are held to those of the skill. */
const modelStrength = 10
const halfLifeDays = 30

/** ω of something that many days old. */
export function decayWeight(ageDays: number): number {
  return 2 ** (-Math.max(0, ageDays) / halfLifeDays)
}

/**
 * The empirical-Bayes prior of a workspace by the method of moments: mean and spread of its skills' pass rates, from
 * those with five judged activations if there are five such skills.
 */
export function estimatePrior(skills: readonly JudgedCounts[]): Prior {
  const judged = skills.filter((skill) => skill.judged >= fewestJudged)
  if (judged.length < fewestSkills) {
    return { mean: (sumOf(skills, 'passes') + 1) / (sumOf(skills, 'weight') + 2), strength: defaultStrength }
  }
  const total = sumOf(judged, 'weight')
  const mean = sumOf(judged, 'passes') / total
  let variance = 0
  let noise = 0
  for (const { passes, weight } of judged) {
    variance += (weight / total) * (passes / weight - mean) ** 2
    noise += (mean * (1 - mean)) / weight / judged.length
  }
  const excess = Math.max(1e-4, variance - noise)
  return { mean, strength: Math.min(50, Math.max(2, (mean * (1 - mean)) / excess - 1)) }
}

/** What a skill's counts make of the prior. */
export function skillPosterior(prior: Prior, { passes, weight }: Omit<JudgedCounts, 'judged'>): Posterior {
  return update(prior.mean, prior.strength, passes, weight)
}

/** What one model's counts make of what is known about the skill. */
export function modelPosterior(
  skill: Posterior,
  { passes, weight }: Omit<JudgedCounts, 'judged'>,
): Posterior {
  return update(posteriorMean(skill), modelStrength, passes, weight)
}

export function posteriorMean({ a, b }: Posterior): number {
  return a / (a + b)
}

/** The 5 % and 95 % quantiles. */
export function credibleInterval({ a, b }: Posterior): readonly [low: number, high: number] {
  return [betaQuantile(0.05, a, b), betaQuantile(0.95, a, b)]
}

/** The 5 % quantile, which leaderboards rank by: a lucky 3 of 3 does not win. */
export function lowerBound({ a, b }: Posterior): number {
  return betaQuantile(0.05, a, b)
}

/** A workspace of perfect or hopeless skills has a mean of 1 or 0; Beta needs both parameters above 0. */
function update(mean: number, strength: number, passes: number, weight: number): Posterior {
  return {
    a: Math.max(1e-9, strength * mean + passes),
    b: Math.max(1e-9, strength * (1 - mean) + weight - passes),
  }
}

function sumOf(skills: readonly JudgedCounts[], member: 'passes' | 'weight'): number {
  return skills.reduce((sum, skill) => sum + skill[member], 0)
}
