import { readTokenCounts } from '../../conversation/token-counts.ts'
import { decodeError } from '../decode-error.ts'
import { noEdits } from '../passthrough-edits.ts'
import type { PathTarget, Wire, WirePaths } from '../wire.ts'
import { decodeReply } from './decode-reply.ts'
import { AgentStreamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { findFailure } from './find-failure.ts'

/** Where the gateway itself answers for its agents; the name is reserved and never resolves. */
export const agentsOrigin = 'http://agents.invalid'

/** Agents asked like models: the HTTP+JSON binding of A2A 1.0, whatever the agent itself speaks. */
export const a2aWire: Wire = {
  id: 'a2a',
  dialect: 'a2a-message',
  framing: 'sse',
  namesModelIn: 'path',
  pathsFor,
  versionSegment: null,
  authHeaders: () => [],
  editPassthrough: () => noEdits,
  encodeRequest,
  decodeReply,
  findFailure,
  createStreamDecoder: (context) => new AgentStreamDecoder(context),
  decodeUsage: readTokenCounts,
  decodeError,
}

/** Errors: throws an Error for an agent that is described as a model instead of as an agent. */
function pathsFor({ base, upstreamModel }: PathTarget): WirePaths {
  if (base.origin !== agentsOrigin)
    throw new Error('agents are not reached by `api_base`; list the agent in `agent_list` and leave it out')
  const agent = `/a2a/${encodeURIComponent(upstreamModel)}`
  return {
    chat: `${agent}/message:send`,
    chatStream: `${agent}/message:stream`,
    completion: null,
    embedding: null,
  }
}
