import { type JsonRecord, readNumber, readRecord, readText } from '../../conversation/json-value.ts'
import type { ConversationRequest } from '../../conversation/request.ts'

/**
 * `thinking` and `output_config.effort`: a budget where one is stated, else an effort. Null leaves thinking to the
 * provider's default, which is also the closest most providers have to switching it off.
 */
export function parseThinking(body: JsonRecord): ConversationRequest['reasoning'] {
  const thinking = readRecord(body['thinking'])
  const effort = readText(readRecord(body['output_config'])?.['effort'])
  switch (thinking?.['type']) {
    case 'enabled':
      return { effort, budgetTokens: readNumber(thinking['budget_tokens']) }
    case 'adaptive':
      return { effort: effort ?? 'medium', budgetTokens: null }
    case 'disabled':
      return null
    default:
      return effort === null ? null : { effort, budgetTokens: null }
  }
}
