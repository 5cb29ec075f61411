import type { CachedAnswer } from '../../answer-cache/cached-answer.ts'
import type { BlobSealer } from '../../conversation/blob-sealer.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ModelRequest } from '../model-request.ts'
import { formatAsStream, formatReply, formatterOf } from '../translated-exchange.ts'
import { AsTheyAre } from './as-they-are.ts'
import { readCached } from './read-cached.ts'

/**
 * A kept answer as this request wants it: the very text where it was given in the same form, otherwise a stream as a whole
 * answer or the reverse. Null when it cannot be read, which is like having none.
 */
export function renderCached(
  request: ModelRequest,
  answer: CachedAnswer,
  blobs: BlobSealer,
): Buffer | string | null {
  const { stream, includeUsage, operation, protocol } = request
  const isSameForm = answer.isStream === stream && (!stream || answer.includesUsage === includeUsage)
  if (isSameForm || operation === 'embedding' || operation === 'rerank') return Buffer.from(answer.text)
  const read = readCached(protocol.id, answer)
  if (read === null) return null
  const reply = read.usage === null ? { ...read, usage: answer.usage } : read
  const carrier = new AsTheyAre(blobs, { family: '', account: '', isAccountBound: false })
  return stream
    ? formatAsStream(replayReply(reply), formatterOf(request, carrier), null).body
    : formatReply(reply, request, carrier).body
}
