import type { AnswerFacts } from './answer-facts.ts'

/** What an answer has to be. */
export interface ExpectedAnswer {
  readonly structuredOutput: boolean
  /** Names of the offered tools; a call of any other is none. */
  readonly toolNames: readonly string[]
  /** Mean probability of tokens below which nobody is sure. */
  readonly confidence: number
}

const refusal =
  /^(i('m| am) (sorry|unable|not able)|sorry,|i can(no|')t|i cannot|unfortunately,? i|as an ai\b|i won't|es tut mir leid|je (suis désolé|ne peux pas)|lo siento)/i

/** Why an answer is not good enough to keep; null when nothing is wrong with it that can be seen. */
export function findFault(answer: AnswerFacts, expected: ExpectedAnswer): string | null {
  if (answer.text.trim() === '' && answer.toolCalls.length === 0) return 'empty'
  if (answer.cutOff) return 'cut_off'
  if (answer.refused || refusal.test(answer.text.trim())) return 'refused'
  const hasCalls = answer.toolCalls.length > 0
  if (expected.structuredOutput && !hasCalls && !isJson(answer.text)) return 'not_json'
  for (const call of answer.toolCalls)
    if (!expected.toolNames.includes(call.name) || !isJson(call.arguments)) return 'bad_tool_call'
  const { tokenProbability } = answer
  return tokenProbability !== null && tokenProbability < expected.confidence ? 'unsure' : null
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
