import type { AnswerFacts } from './answer-facts.ts'
import { violatesSchema } from './violates-schema.ts'

/** What an answer has to be. */
export interface ExpectedAnswer {
  readonly structuredOutput: boolean
  /** JSON schema of the structured output; null where any JSON will do. */
  readonly schema: unknown
  /** The offered tools with the JSON schemas of their arguments; null for arguments nobody described. */
  readonly tools: ReadonlyMap<string, unknown>
  /** Whether other tools may be called than the offered ones. */
  readonly allowsOtherTools: boolean
  /** Mean probability of tokens below which nobody is sure. */
  readonly confidence: number
}

/** Who is sorry to hear of something refuses nothing. */
const refusal =
  /^(i('m| am) (sorry(?! (to (hear|read|learn)|you|for))|unable|not able)|sorry,|i can(no|')t|i cannot|unfortunately,? i|as an ai\b|i won't|es tut mir leid|je (suis désolé|ne peux pas)|lo siento)/i

/** Why an answer is not good enough to keep; null when nothing is wrong with it that can be seen. */
export function findFault(answer: AnswerFacts, expected: ExpectedAnswer): string | null {
  if (answer.text.trim() === '' && answer.toolCalls.length === 0) return 'empty'
  if (answer.cutOff) return 'cut_off'
  if (answer.refused || refusal.test(answer.text.trim())) return 'refused'
  if (expected.structuredOutput && answer.toolCalls.length === 0) {
    const read = readJson(answer.text)
    if (read === null) return 'not_json'
    if (violatesSchema(read.value, expected.schema)) return 'off_schema'
  }
  if (answer.toolCalls.some((call) => isBadCall(call, expected))) return 'bad_tool_call'
  const { tokenProbability } = answer
  return tokenProbability !== null && tokenProbability < expected.confidence ? 'unsure' : null
}

function isBadCall(
  { name, arguments: written }: AnswerFacts['toolCalls'][number],
  { tools, allowsOtherTools }: ExpectedAnswer,
): boolean {
  const read = readJson(written)
  if (read === null || (!allowsOtherTools && !tools.has(name))) return true
  return violatesSchema(read.value, tools.get(name))
}

/** Null for what is no JSON. */
function readJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}
