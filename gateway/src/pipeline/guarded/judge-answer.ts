import type { PluginCall } from '@routeiq/contract'
import type { PluginHost } from '../../plugins/plugin-host.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import { readAnswerTexts } from './answer-texts.ts'

/** A whole answer as guards leave it, the very same where they change nothing. Errors: 446 `guardrail_denied`, 500 `plugin_failed`. */
export async function judgeAnswer(
  { blobs }: Pick<Gateway, 'blobs'>,
  plugins: PluginHost,
  request: ModelRequest,
  call: PluginCall,
  reply: PlainReply,
): Promise<PlainReply> {
  const text = (typeof reply.body === 'string' ? Buffer.from(reply.body, 'latin1') : reply.body).toString()
  const read = readAnswerTexts(request, reply.isStream === true, text, blobs)
  const texts = await plugins.judgeAnswer(call, read?.texts ?? null)
  if (read === null || texts === null) return reply
  const { usage, terms } = reply
  return { ...read.write(texts), usage, ...(terms === undefined ? {} : { terms }) }
}
