import { readAsk } from '../model-routing/read-ask.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { readConversation } from './read-conversation.ts'

/** Characters of a question that are told. */
const longestQuery = 4_096

/** What the user asked, for operators who want it in their logs; null for others, and where nobody asked in words. */
export function readQuery(gateway: Gateway, request: ModelRequest, progress: Progress): string | null {
  if (!request.runtime.config.telemetry.logsQueries) return null
  const text = progress.choice?.ask.text ?? readAskedText(gateway, request, progress)
  return text === null || text === '' ? null : text.slice(0, longestQuery)
}

function readAskedText(gateway: Gateway, request: ModelRequest, { deployment }: Progress): string | null {
  const { operation, runtime } = request
  if (deployment === null || (operation !== 'chat' && operation !== 'completion')) return null
  const conversation = readConversation(gateway, request, deployment)
  return conversation === null ? null : readAsk(conversation, runtime.config.modelRouting.harnessTags).text
}
