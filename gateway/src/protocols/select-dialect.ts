import type { DialectId } from '../conversation/dialect.ts'
import type { CallHeaders } from './protocol.ts'

/**
 * The dialect of a request whose path belongs to several (`/v1/models`, `/v1/files`): every Anthropic client states
 * an API version, Google's path or key tells Google's, and the rest is OpenAI's.
 */
export function selectDialect(target: string, headers: CallHeaders): DialectId {
  if (headers['anthropic-version'] !== undefined) return 'anthropic-messages'
  const isGoogle = headers['x-goog-api-key'] !== undefined && headers['authorization'] === undefined
  return isGoogle || target.startsWith('/v1beta/') ? 'google-generate' : 'openai-chat'
}
