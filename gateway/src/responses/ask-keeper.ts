import type { Deployment } from '../deployments/deployment.ts'
import { facing } from '../deployments/select-wires.ts'
import type { Exchange } from '../http/exchange.ts'
import { describeUpstreamFailure } from '../pipeline/describe-upstream-failure.ts'
import { Attempt } from '../relay/attempt.ts'
import type { Transport, UpstreamRequest } from '../transport/transport.ts'

const maxAnswerBytes = 64 * 1024 * 1024

export interface KeeperCall {
  readonly method: UpstreamRequest['method']
  /** Below the path of responses: the id, and what is asked of it. */
  readonly below: string
  /** The client's query, with its `?`; empty for none. */
  readonly search: string
}

/** Asks the provider account that keeps a response. Errors: the provider's own, as GatewayError. */
export async function askKeeper(
  deployment: Deployment,
  { method, below, search }: KeeperCall,
  transport: Transport,
  exchange: Exchange,
): Promise<Buffer> {
  const facingIt = facing(deployment, 'openai-responses')
  const { origin, paths, headers, authorization, wire, provider, timeoutMs } = facingIt
  const [path = '', ownQuery = ''] = (paths.chat ?? '').split('?', 2)
  const query = ownQuery === '' ? search : `?${ownQuery}${search.replace('?', '&')}`
  const body = method === 'POST' ? Buffer.from('{}') : null
  const attempt = new Attempt(
    { origin, method, path: `${path}/${below}${query}`, headers, body, authorization },
    {
      transport,
      timeoutMs,
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      maxResponseBytes: maxAnswerBytes,
      relay: null,
      readReply: (answer) => ({ body: answer, usage: null }),
      decodeError: (status, answerHeaders, text) => wire.decodeError(status, answerHeaders, text, provider),
    },
  )
  exchange.whenClientGone(() => attempt.cancel())
  const result = await attempt.result
  if (result.kind === 'failure') throw describeUpstreamFailure(result.failure, deployment)
  return result.kind === 'reply' ? Buffer.from(result.reply.body) : Buffer.alloc(0)
}
