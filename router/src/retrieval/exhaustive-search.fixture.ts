import type { Embedder } from './dense/embedder.ts'
import { quantise } from './dense/quantise.ts'
import { defaultFusion } from './fusion/gated.ts'
import { fields } from './lexical/fields.ts'
import type { SkillDocument } from './skill-document.ts'
import { splitRequest } from './text/split-request.ts'
import { stem } from './text/stem.ts'
import { stopWords } from './text/stop-words.ts'
import { tokenise } from './text/tokenise.ts'

const stemsOf = (text: string): string[] => tokenise(text).map(stem)
const contentOf = (text: string): string[] => tokenise(text).filter((word) => !stopWords.has(word))
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const idf = (count: number, holders: number): number =>
  Math.log(1 + (count - holders + 0.5) / (holders + 0.5))

/**
 * The gated search word for word after its description: every skill is scored for every sign, with strings, floats and
 * no index. Skills without feedback. Scores by id, the fused one of each candidate.
 */
export function searchExhaustively(
  skills: readonly SkillDocument[],
  embedder: Embedder,
  query: string,
): { readonly id: string; readonly fused: number }[] {
  const texts = skills.map((skill) => fields.map(({ read }) => stemsOf(read(skill))))
  const lengths = fields.map((_, field) => sum(texts.map((text) => text[field]?.length ?? 0)) / skills.length)
  const holdersOf = (term: string): number =>
    texts.filter((text) => text.some((words) => words.includes(term))).length

  function impact(skill: number, term: string): number {
    const frequencies = fields.map(({ weight, dilution }, field) => {
      const words = texts[skill]?.[field] ?? []
      const said = words.filter((word) => word === term).length
      return said === 0
        ? 0
        : (weight * said) / (1 - dilution + (dilution * words.length) / (lengths[field] ?? 1))
    })
    const frequency = sum(frequencies)
    return (frequency * 2.2) / (frequency + 1.2)
  }

  function embed(text: string): number[] {
    const vector = new Float32Array(embedder.dimensions)
    embedder.embed(text, vector)
    const { values, scale } = quantise(vector)
    return [...values].map((value) => value * scale)
  }
  const multiply = (one: readonly number[], other: readonly number[]): number =>
    sum(one.map((value, column) => value * (other[column] ?? 0)))
  const descriptions = skills.map(({ name, description }) => embed(`${name}\n${description}`))
  const bodies = skills.map(({ body }) => embed(body.slice(0, 800)))

  function read(text: string) {
    const said = contentOf(text).length > 0 ? contentOf(text) : tokenise(text)
    const terms = [...new Set(said.map(stem))]
    const mass = sum(terms.map((term) => idf(skills.length, holdersOf(term))))
    const sequence = new Set(stemsOf(text))
    const vector = embed(text)
    const signs = skills.map(({ name }, skill) => {
      const held = terms.filter((term) => texts[skill]?.some((words) => words.includes(term)))
      const weigh = (term: string): number =>
        idf(skills.length, holdersOf(term)) * Math.min(2, said.filter((word) => stem(word) === term).length)
      const names = [...new Set(stemsOf(name))]
      return {
        lexical: sum(held.map((term) => weigh(term) * impact(skill, term))),
        dense: multiply(descriptions[skill] ?? [], vector),
        body: multiply(bodies[skill] ?? [], vector),
        idfCoverage: mass === 0 ? 0 : sum(held.map((term) => idf(skills.length, holdersOf(term)))) / mass,
        nameCoverage: names.filter((word) => sequence.has(word)).length / Math.max(1, names.length),
      }
    })
    return { contentWords: terms.length, signs }
  }

  const whole = read(query)
  const best = (score: (skill: number) => number): number[] =>
    skills
      .map((_, skill) => skill)
      .filter((skill) => score(skill) > 0)
      .sort((one, other) => score(other) - score(one) || one - other)
      .slice(0, 50)
  const sentence = ` ${stemsOf(query).join(' ')} `
  const called = skills
    .map((_, skill) => skill)
    .filter((skill) => {
      const phrase = stemsOf(skills[skill]?.name ?? '')
      return (phrase.length > 1 || (phrase[0]?.length ?? 0) > 3) && sentence.includes(` ${phrase.join(' ')} `)
    })
    .sort((one, other) => stemsOf(skills[other]?.name ?? '').length - stemsOf(skills[one]?.name ?? '').length)
  const candidates = [
    ...new Set([
      ...called.slice(0, 50),
      ...best((skill) => whole.signs[skill]?.lexical ?? 0),
      ...best((skill) => whole.signs[skill]?.dense ?? 0),
    ]),
  ]

  const weights = defaultFusion
  function weigh({ contentWords, signs }: ReturnType<typeof read>, among: readonly number[]) {
    const gate = Math.min(1, weights.gateWords / Math.max(1, contentWords))
    const top = Math.max(0, ...among.map((skill) => signs[skill]?.lexical ?? 0))
    return (skill: number): number => {
      const found = signs[skill]
      if (found === undefined || !among.includes(skill)) return 0
      return (
        (top > 0 ? (weights.lexical * found.lexical) / top : 0) +
        gate * (weights.dense * found.dense + weights.body * found.body) +
        weights.idfCoverage * found.idfCoverage +
        weights.nameCoverage * found.nameCoverage
      )
    }
  }
  const fromWhole = weigh(whole, candidates)
  const fromParts = splitRequest(query).map((part) => weigh(read(part), candidates.slice(0, 60)))
  const summed = candidates.map((skill) => {
    const part = fromParts.length === 0 ? fromWhole(skill) : Math.max(...fromParts.map((from) => from(skill)))
    return { skill, score: fromWhole(skill) + weights.bestPart * part }
  })
  summed.sort((one, other) => other.score - one.score)

  const saidWords = skills.map(({ name, description }) =>
    [...new Set(contentOf(`${name}\n${description}`))].slice(0, 64),
  )
  const asked = [...new Set(contentOf(query))].slice(0, 64)
  function cover(skill: number): number {
    const closest = (word: string): number =>
      asked.some((other) => stem(other) === stem(word))
        ? 1
        : Math.max(0, ...asked.map((other) => multiply(embed(other), embed(word))))
    const words = (saidWords[skill] ?? []).map((word) => {
      const mass = idf(skills.length, saidWords.filter((said) => said.includes(word)).length)
      return { mass, covered: mass * closest(word) }
    })
    return words.length === 0
      ? 0
      : sum(words.map(({ covered }) => covered)) / sum(words.map(({ mass }) => mass))
  }
  const { lexical, dense, body, idfCoverage, nameCoverage, bestPart } = weights
  const most = (lexical + dense + body + idfCoverage + nameCoverage) * (1 + bestPart) + weights.asked
  const scored = summed.map(({ skill, score }, place) => ({
    id: skills[skill]?.id ?? '',
    fused: (score + (place < 12 ? weights.asked * cover(skill) : 0)) / most,
  }))
  return scored.sort((one, other) => other.fused - one.fused)
}
