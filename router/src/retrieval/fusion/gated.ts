import { findBest } from '../top-k.ts'
import { type Findings, type Reading, sign, signCount } from './candidate.ts'

/** How much each sign counts in the gated fusion. */
export interface FusionConstants {
  readonly lexical: number
  readonly dense: number
  readonly body: number
  readonly idfCoverage: number
  readonly nameCoverage: number
  /** How much of the skill's own description the request asks for, word by word. */
  readonly asked: number
  /** The part of the request that a skill fits best, against the whole request. */
  readonly bestPart: number
  /** Texts with more distinct content words than this trust the embedding less, in proportion. */
  readonly gateWords: number
}

/** Chosen by cross-validation over public sets, see bench/retrieval; `tuneFusion` learns others. */
export const defaultFusion: FusionConstants = {
  lexical: 0.4,
  dense: 1,
  body: 1,
  idfCoverage: 1,
  nameCoverage: 0.5,
  asked: 1,
  bestPart: 0.45,
  gateWords: 8,
}

/** How many of the first candidates are compared word by word: the others cannot come far enough up. */
const comparedDepth = 12

/**
 * A score for each candidate, 0–1: a weighed sum of its signs for the whole request and for its best part, and
 * for the first of them of how much of their description the request asks for.
 */
export function fuseGated(found: Findings, constants: FusionConstants): Float64Array {
  const { lexical, dense, body, idfCoverage, nameCoverage, asked, bestPart } = constants
  const fromWhole = weigh(found.whole, constants)
  const fromParts = found.parts.map((part) => weigh(part, constants))
  const scores = fromWhole
  for (let candidate = 0; candidate < scores.length; candidate++) {
    const whole = fromWhole[candidate] as number
    let best = fromParts.length === 0 ? whole : -Infinity
    for (const part of fromParts) best = Math.max(best, part[candidate] ?? 0)
    scores[candidate] = whole + bestPart * best
  }
  const first = findBest(scores, comparedDepth)
  const readAsked = found.readAsked(first)
  for (const [place, candidate] of first.entries())
    scores[candidate] = (scores[candidate] as number) + asked * (readAsked[place] as number)
  const most = (lexical + dense + body + idfCoverage + nameCoverage) * (1 + bestPart) + asked
  for (let candidate = 0; candidate < scores.length; candidate++)
    scores[candidate] = (scores[candidate] as number) / most
  return scores
}

/**
 * The weighed sum of each candidate's signs. Trust in the embedding falls with length: long texts are matched well
 * by words, and blurred by averaging.
 */
function weigh({ contentWords, topLexical, signs }: Reading, constants: FusionConstants): Float64Array {
  const gate = Math.min(1, constants.gateWords / Math.max(1, contentWords))
  const lexical = topLexical > 0 ? constants.lexical / topLexical : 0
  const sums = new Float64Array(signs.length / signCount)
  for (let candidate = 0; candidate < sums.length; candidate++) {
    const at = candidate * signCount
    sums[candidate] =
      lexical * (signs[at + sign.lexical] as number) +
      gate * constants.dense * (signs[at + sign.dense] as number) +
      gate * constants.body * (signs[at + sign.body] as number) +
      constants.idfCoverage * (signs[at + sign.idfCoverage] as number) +
      constants.nameCoverage * (signs[at + sign.nameCoverage] as number)
  }
  return sums
}
