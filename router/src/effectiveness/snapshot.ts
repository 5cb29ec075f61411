import { causalLift } from './causal-lift.ts'
import {
  decayWeight,
  estimatePrior,
  type JudgedCounts,
  modelPosterior,
  posteriorMean,
  skillPosterior,
} from './posterior.ts'
import { effectivenessFactor } from './rerank.ts'
import { measureInteractions, type SkillInteraction } from './skill-interactions.ts'

/** What is known of a skill when a ranking is made. */
export interface SkillEffectiveness {
  /** e, the expected pass rate at the level asked for. */
  readonly posteriorMean: number
  /** μ, the expected pass rate of a skill nobody has judged. */
  readonly workspaceMean: number
  /** Judged activations at the level asked for. */
  readonly judged: number
  /** Decisions of the last 30 days that offered the skill. */
  readonly offers30d: number
}

/** Everything a workspace has learned about its skills, frozen; reading it is two look-ups. */
export interface EffectivenessSnapshot {
  /**
   * With a model family (`modelFamilyOf`) what is known of the skill under it, else of the skill as a whole. Null for
   * a skill that was neither offered nor judged: nothing is known, which is not the same as nothing good.
   */
  find(skillId: string, modelFamily: string | null): SkillEffectiveness | null
  /** What no skill's `effectivenessFactor` exceeds, under whatever family. */
  readonly greatestFactor: number
  /** What a skill, by id or name, and a model family make of each other; null where nobody knows. */
  interaction(skill: string, modelFamily: string): SkillInteraction | null
  /** The chance that a skill that is offered gets used, by id or name. */
  activationChance(skill: string): number
  /** What offering a skill, by id or name, does under every model, in log-odds; null where it does not surely help. */
  lift(skill: string): number | null
}

/** One day of one skill under one model family. */
export interface EffectivenessRow {
  readonly skillId: string
  /** Empty when the model is unknown. */
  readonly modelFamily: string
  /** Whole days before today. */
  readonly ageDays: number
  readonly passes: number
  readonly fails: number
  readonly offers: number
  /** Where it is known. */
  readonly skillName?: string
  readonly activations?: number
  /** Judged traces of decisions that offered it, and of those that would have and were held back by chance. */
  readonly trial?: SkillTrial
}

interface SkillTrial {
  readonly offeredPasses: number
  readonly offeredJudged: number
  readonly heldOutPasses: number
  readonly heldOutJudged: number
}

interface Tally extends JudgedCounts {
  offers30d: number
  weight: number
  passes: number
  judged: number
  offers: number
  activations: number
}

interface SkillTally {
  readonly total: Tally
  readonly trial: { -readonly [Count in keyof SkillTrial]: number }
  readonly byFamily: Map<string, Tally>
}

/** What is known of one skill. */
interface SkillLevels {
  readonly whole: SkillEffectiveness
  /** For every family under which it was never judged: its own counts are zero there. */
  readonly unjudged: SkillEffectiveness
  readonly byFamily: ReadonlyMap<string, SkillEffectiveness>
}

const recentDays = 30

const unknownChance = 1 / 4

export const emptyEffectiveness: EffectivenessSnapshot = {
  find: () => null,
  greatestFactor: 1,
  interaction: () => null,
  activationChance: () => unknownChance,
  lift: () => null,
}

export function buildEffectivenessSnapshot(rows: readonly EffectivenessRow[]): EffectivenessSnapshot {
  const skills = new Map<string, SkillTally>()
  for (const row of rows) addRow(skills, row)
  const prior = estimatePrior([...skills.values()].map(({ total }) => total))
  const found = new Map<string, SkillLevels>()
  const lifts = new Map<string, number>()
  let greatestFactor = 1
  for (const [skillId, { total, byFamily, trial }] of skills) {
    const lift = causalLift(
      { passes: trial.offeredPasses, judged: trial.offeredJudged },
      { passes: trial.heldOutPasses, judged: trial.heldOutJudged },
    )
    if (lift !== null) lifts.set(skillId, lift)
    const level = (tally: Tally, mean: number): SkillEffectiveness => {
      const { judged } = tally
      const { offers30d } = total
      const known = { posteriorMean: mean, workspaceMean: prior.mean, judged, offers30d }
      greatestFactor = Math.max(greatestFactor, effectivenessFactor(known))
      return known
    }
    const posterior = skillPosterior(prior, total)
    const families = new Map<string, SkillEffectiveness>()
    for (const [family, tally] of byFamily)
      families.set(family, level(tally, posteriorMean(modelPosterior(posterior, tally))))
    found.set(skillId, {
      whole: level(total, posteriorMean(posterior)),
      unjudged: level(newTally(), posteriorMean(posterior)),
      byFamily: families,
    })
  }
  const ids = idsByName(rows)
  const idOf = (skill: string): string => (skills.has(skill) ? skill : (ids.get(skill) ?? ''))
  const interactionOf = measureInteractions(prior, skills)
  return {
    greatestFactor,
    interaction: (skill, family) => interactionOf(idOf(skill), family),
    activationChance: (skill) => {
      const { activations = 0, offers = 0 } = skills.get(idOf(skill))?.total ?? {}
      return Math.min(1, (activations + 1) / (offers + 4))
    },
    lift: (skill) => lifts.get(idOf(skill)) ?? null,
    find: (skillId, modelFamily) => {
      const levels = found.get(skillId)
      if (levels === undefined) return null
      return modelFamily === null ? levels.whole : (levels.byFamily.get(modelFamily) ?? levels.unjudged)
    },
  }
}

function addRow(skills: Map<string, SkillTally>, row: EffectivenessRow): void {
  let skill = skills.get(row.skillId)
  if (skill === undefined) {
    skill = { total: newTally(), trial: newTrial(), byFamily: new Map() }
    skills.set(row.skillId, skill)
  }
  addTo(skill.total, row)
  if (row.trial !== undefined) addTrial(skill.trial, row.trial)
  if (row.modelFamily === '') return
  let family = skill.byFamily.get(row.modelFamily)
  if (family === undefined) {
    family = newTally()
    skill.byFamily.set(row.modelFamily, family)
  }
  addTo(family, row)
}

/** Skills are also asked for by name. */
function idsByName(rows: readonly EffectivenessRow[]): ReadonlyMap<string, string> {
  return new Map(
    rows.flatMap(({ skillName, skillId }) => (skillName === undefined ? [] : [[skillName, skillId]])),
  )
}

function newTrial(): SkillTally['trial'] {
  return { offeredPasses: 0, offeredJudged: 0, heldOutPasses: 0, heldOutJudged: 0 }
}

function addTrial(sums: SkillTally['trial'], trial: SkillTrial): void {
  sums.offeredPasses += trial.offeredPasses
  sums.offeredJudged += trial.offeredJudged
  sums.heldOutPasses += trial.heldOutPasses
  sums.heldOutJudged += trial.heldOutJudged
}

function newTally(): Tally {
  return { weight: 0, passes: 0, judged: 0, offers30d: 0, offers: 0, activations: 0 }
}

function addTo(tally: Tally, { ageDays, passes, fails, offers, activations }: EffectivenessRow): void {
  const weight = decayWeight(ageDays)
  tally.weight += weight * (passes + fails)
  tally.passes += weight * passes
  tally.judged += passes + fails
  tally.offers += offers
  tally.activations += activations ?? passes + fails
  if (ageDays < recentDays) tally.offers30d += offers
}
