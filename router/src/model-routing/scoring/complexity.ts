import type { Features } from '../features/features.ts'
import type { RequestShape } from '../features/structured.ts'

/** How demanding a request is. */
export type Tier = 'simple' | 'medium' | 'complex' | 'reasoning'

/** What words say of an ask: patterns, none with an alternative within. */
const words = {
  strong:
    'prove|proof|derive|step by step|think carefully|chain of thought|rigorous(?:ly)?|theorem|counterexample',
  weak: 'why|analy[sz]e|compare|trade-?offs?|evaluate|reason(?:ing)?|explain how|strategy|optimi[sz]e|design|implications?',
  technical: String.raw`algorithm|database|kubernetes|docker|api|async|concurren\w*|distributed|latency|architecture|encryption|regex|compiler|gradient|quantum|protein|integral|derivative|eigen\w*|statute|liability|diagnos\w*`,
  simple: 'what is|who is|define|translate|capital of|thanks?|hello|hi|rewrite|fix the typo|spell|list|name',
  steps: 'first|second|then|finally|after that|next',
}

type WordCounts = Record<keyof typeof words, number>

const kinds = (Object.keys(words) as (keyof WordCounts)[]).map((kind) => ({
  kind,
  pattern: new RegExp(`^(?:${words[kind]})$`),
}))
/** One pattern, so that a text is searched once. */
const tellingWords = new RegExp(String.raw`\b(?:${byFirstLetter(Object.values(words).join('|'))})\b`, 'g')
const numberedLine = /^\d+[.)]/gm
const codeLike = /[{};]\s*\n|\b(?:def|function|class|import|select)\s/

/** The parts of a complexity score, each 0 to 1. */
export interface Complexity {
  /** 0 to 1. */
  readonly score: number
  readonly tier: Tier
  readonly strongReasoning: number
  readonly weakReasoning: number
}

/** Only this much of an ask is searched for words. */
const searchedChars = 2_001

/** How demanding an ask is, by its length, code and words; cuts at .15, .35 and .60. */
export function judgeComplexity({ text, tokens }: Features, cuts: readonly number[] = tierCuts): Complexity {
  const searched = text.length > searchedChars ? text.slice(0, searchedChars) : text
  const { strong, weak, technical, simple, steps } = countWords(searched)
  const code = searched.includes('```') || codeLike.test(searched)
  const parts =
    0.15 * Math.min(1, tokens / 400) +
    0.2 * (code ? 1 : 0) +
    0.25 * Math.min(1, strong * 0.6 + weak * 0.3) +
    0.15 * Math.min(1, technical / 3) -
    0.15 * Math.min(1, simple / 2) +
    0.05 * Math.min(1, (steps + count(searched, numberedLine)) / 3) +
    0.05 * Math.min(1, count(searched, /\?/g) / 3)
  // The weights sum to .85 of what a request can reach; the score is the share of it.
  const score = Math.max(0, Math.min(1, parts / 0.85))
  return { score, tier: tierOf(score, strong, weak, cuts), strongReasoning: strong, weakReasoning: weak }
}

function countWords(text: string): WordCounts {
  const counts: WordCounts = { strong: 0, weak: 0, technical: 0, simple: 0, steps: 0 }
  tellingWords.lastIndex = 0
  for (let found = tellingWords.exec(text); found !== null; found = tellingWords.exec(text)) {
    const [word] = found
    const known = kinds.find(({ pattern }) => pattern.test(word))
    if (known !== undefined) counts[known.kind]++
  }
  return counts
}

/** The same alternatives under their first letters, which rule out most words of a text at once. */
function byFirstLetter(alternatives: string): string {
  const all = alternatives.split('|')
  const letters = [...new Set(all.map((word) => word.charAt(0)))]
  const restsOf = (letter: string): string[] =>
    all.filter((word) => word.startsWith(letter)).map((word) => word.slice(1))
  return letters.map((letter) => `${letter}(?:${restsOf(letter).join('|')})`).join('|')
}

const tierCuts: readonly number[] = [0.15, 0.35, 0.6]

function tierOf(score: number, strong: number, weak: number, cuts: readonly number[]): Tier {
  if (strong >= 2 || score >= (cuts[2] ?? 1)) return 'reasoning'
  if (strong === 1 || score >= (cuts[1] ?? 1)) return strong === 1 && weak >= 2 ? 'reasoning' : 'complex'
  return score >= (cuts[0] ?? 1) ? 'medium' : 'simple'
}

/** How much a request looks like the work of an agent: tools, tool messages, a long system prompt. 0 to 1. */
export function agenticScore({ text }: Features, shape: RequestShape): number {
  const words = /\b(agent|tool call|execute|workspace|repository|terminal|browse)\b/.test(text) ? 0.2 : 0
  return Math.min(
    1,
    (shape.tools > 0 ? 0.35 : 0) +
      (shape.tools >= 4 ? 0.15 : 0) +
      (shape.inToolLoop ? 0.3 : 0) +
      (shape.systemChars > 500 ? 0.1 : 0) +
      words +
      (shape.turns > 10 ? 0.1 : 0),
  )
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
