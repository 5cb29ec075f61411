import { filterBetas } from '../anthropic-betas.ts'
import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { Wire } from '../wire.ts'
import { decodeError, findFailure } from './decode-error.ts'
import { decodeReply } from './decode-reply.ts'
import { MessagesStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { editPassthrough } from './edit-passthrough.ts'
import { encodeRequest } from './encode-request.ts'

const paths = { chat: '/messages', chatStream: null, completion: null, embedding: null } as const
const version = ['anthropic-version', '2023-06-01']

/** Anthropic's Messages protocol. */
export const anthropicWire: Wire = {
  id: 'anthropic',
  dialect: 'anthropic-messages',
  framing: 'sse',
  namesModelIn: 'body',
  pathsFor: () => paths,
  versionSegment: '/v1',
  authHeaders: (apiKey) => {
    if (apiKey === null || apiKey === '') return version
    // Tokens of a subscription log in by OAuth instead of by key.
    const isOauth = apiKey.startsWith('sk-ant-oat')
    if (isOauth)
      return ['authorization', `Bearer ${apiKey}`, 'anthropic-beta', 'oauth-2025-04-20', ...version]
    return ['x-api-key', apiKey, ...version]
  },
  editPassthrough,
  countingPath: (chatPath) => chatPath.replace(/\/messages(?=\?|$)/, '/messages/count_tokens'),
  filterHeader: (name, value, provider) =>
    name === 'anthropic-beta' ? filterBetas(value, provider.id) : value,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  createStreamDecoder: (context) => restoreStream(new MessagesStreamDecoder(), context),
  decodeUsage,
  decodeError,
}
