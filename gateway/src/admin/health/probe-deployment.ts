import type { RequestConfig } from '../../config/config.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { parseChatRequest } from '../../protocols/openai-chat/parse-request.ts'
import { unreadableAnswer } from '../../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { WireTarget } from '../../providers/wire.ts'
import { Attempt } from '../../relay/attempt.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { Transport } from '../../transport/transport.ts'

const defaultTimeoutMs = 60_000
const defaultMaxTokens = 5
const maxAnswerBytes = 1_048_576

export interface ProbeDependencies {
  readonly transport: Transport
  readonly requests: RequestConfig
}

/** Asks a deployment for a few tokens (or one embedding); null when it answered, else what was wrong. */
export async function probeDeployment(
  deployment: Deployment,
  deps: ProbeDependencies,
): Promise<string | null> {
  const call = encodeProbe(deployment, deps.requests)
  if (call === null) return null
  const { wire, provider } = deployment
  const attempt = new Attempt(
    {
      origin: deployment.origin,
      method: 'POST',
      ...call,
      authorization: deployment.authorization,
    },
    {
      transport: deps.transport,
      timeoutMs: readSeconds(deployment, 'health_check_timeout') ?? defaultTimeoutMs,
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      maxResponseBytes: maxAnswerBytes,
      relay: null,
      readReply: (body) => readAnswer(body, deployment),
      decodeError: (status, headers, body) => wire.decodeError(status, headers, body, provider),
    },
  )
  const result = await attempt.result
  return result.kind === 'failure' ? result.failure.message : null
}

interface ProbeCall {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** Null for modes that cannot be asked cheaply; they are judged by how their requests went. */
function encodeProbe(deployment: Deployment, requests: RequestConfig): ProbeCall | null {
  const { config, paths, upstreamModel: model, headers, wire } = deployment
  const target: WireTarget = {
    provider: deployment.provider,
    upstreamModel: model,
    dropParams: true,
    modifyParams: requests.modifyParams,
    maxOutputTokens: requests.defaultAnthropicMaxTokens,
    supports: deployment.facts.supports,
    thinkingBudgets: requests.thinkingBudgets,
  }
  if (config.info.mode === 'embedding' && paths.embedding !== null) {
    const request = { model, inputs: ['Hi'], dimensions: null, user: null, extra: {} }
    const asked = wire.embeddings?.encode(request, target).body ?? { model, input: request.inputs }
    return { path: paths.embedding, headers, body: Buffer.from(JSON.stringify(asked)) }
  }
  if ((config.info.mode !== 'chat' && config.info.mode !== 'responses') || paths.chat === null) return null
  const maxTokens = Number(config.info.raw['health_check_max_tokens'] ?? defaultMaxTokens)
  const messages = [{ role: 'user', content: 'Hi' }]
  const encoded = wire.encodeRequest(parseChatRequest({ model, messages, max_tokens: maxTokens }), target)
  const body = Buffer.from(JSON.stringify(encoded.body))
  return {
    path: paths.chat,
    headers: encoded.headers.length === 0 ? headers : [...headers, ...encoded.headers],
    body,
  }
}

function readAnswer(body: Buffer, { wire }: Deployment): PlainReply | UpstreamFailure {
  try {
    return wire.findFailure(JSON.parse(body.toString('utf8'))) ?? { body, usage: null }
  } catch {
    return unreadableAnswer('something that is not JSON')
  }
}

function readSeconds({ config }: Deployment, name: string): number | null {
  const seconds = Number(config.info.raw[name])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null
}
