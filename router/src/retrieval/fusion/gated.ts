import type { Findings, Reading, Signs } from './candidate.ts'

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
const comparedDepth = 20

/**
 * A score for each candidate, 0–1: a weighed sum of its signs for the whole request and for its best part, and
 * for the first of them of how much of their description the request asks for.
 */
export function fuseGated(found: Findings, constants: FusionConstants): number[] {
  const readers = found.parts.map((part) => createReader(part, constants))
  const readWhole = createReader(found.whole, constants)
  const { lexical, dense, body, idfCoverage, nameCoverage, asked, bestPart } = constants
  const scores = found.candidates.map((_, index) => {
    const fromWhole = readWhole(index)
    const fromPart = readers.length === 0 ? fromWhole : Math.max(...readers.map((read) => read(index)))
    return fromWhole + bestPart * fromPart
  })
  const scoreOf = (index: number): number => scores[index] as number
  const order = scores.map((_, index) => index).sort((one, other) => scoreOf(other) - scoreOf(one))
  for (const index of order.slice(0, comparedDepth))
    scores[index] = scoreOf(index) + asked * found.readAsked(index)
  const most = (lexical + dense + body + idfCoverage + nameCoverage) * (1 + bestPart) + asked
  return scores.map((score) => score / most)
}

/** Trust in the embedding falls with length: long texts are matched well by words, and blurred by averaging. */
function createReader(reading: Reading, constants: FusionConstants): (index: number) => number {
  const { contentWords, topLexical, signs } = reading
  const gate = Math.min(1, constants.gateWords / Math.max(1, contentWords))
  return (index) => {
    const found = signs[index]
    return found === undefined ? 0 : weigh(found, topLexical, gate, constants)
  }
}

function weigh(signs: Signs, topLexical: number, gate: number, constants: FusionConstants): number {
  const lexical = topLexical > 0 ? signs.lexical / topLexical : 0
  return (
    constants.lexical * lexical +
    gate * (constants.dense * signs.dense + constants.body * signs.body) +
    constants.idfCoverage * signs.idfCoverage +
    constants.nameCoverage * signs.nameCoverage
  )
}
