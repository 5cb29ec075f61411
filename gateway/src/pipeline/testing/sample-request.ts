import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayConfig } from '../../config/config.ts'
import { loadText } from '../../config/load-for-test.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { type ModelPatch, modelConfig, snapshotOf } from '../../deployments/for-test.ts'
import type { Exchange } from '../../http/exchange.ts'
import { anonymousCaller } from '../../identity/caller.ts'
import { scanObject } from '../../json/object-members.ts'
import { openaiChatProtocol } from '../../protocols/openai-chat/openai-chat.ts'
import type { ModelRequest } from '../model-request.ts'
import { readRequestOptions } from '../request-options.ts'

/** An exchange with these request headers; nothing can be answered on it. */
export function sampleExchange(headers: IncomingHttpHeaders = {}): Exchange {
  const exchange = {
    requestId: 'request-1',
    receivedAt: 1_700_000_000_000,
    startedAt: 0,
    request: { headers },
    header: (name: string) => {
      const value = headers[name]
      return (typeof value === 'string' ? value : value?.[0]) ?? null
    },
  }
  // What only reads a request needs no more of an exchange.
  return exchange as unknown as Exchange
}

export function sampleConfig(text = ''): GatewayConfig {
  return loadText(
    `model_list: [{ model_name: m, litellm_params: { model: openai/m, api_key: sk-x } }]\n${text}`,
    {
      LITELLM_MASTER_KEY: 'sk-bench-0123456789',
    },
  ).config
}

/** A parsed request as the stages hand it on. */
export function sampleRequest(
  body: Readonly<Record<string, unknown>>,
  { headers = {}, config = sampleConfig() }: { headers?: IncomingHttpHeaders; config?: GatewayConfig } = {},
): ModelRequest {
  const exchange = sampleExchange(headers)
  const bytes = Buffer.from(JSON.stringify(body))
  const members = scanObject(bytes)
  if (members === null) throw new Error('not an object')
  return {
    exchange,
    operation: 'chat',
    protocol: openaiChatProtocol,
    history: null,
    pathModel: null,
    pathStream: null,
    runtime: { config, routing: snapshotOf([modelConfig('m')]), banned: null, policies: null },
    caller: anonymousCaller,
    bytes,
    members,
    body,
    upload: null,
    clientBody: body,
    boundTo: null,
    skills: null,
    parsed: null,
    preferredId: null,
    container: null,
    restoreContainer: null,
    requestedModel: 'm',
    isBinary: false,
    stream: body['stream'] === true,
    includeUsage: false,
    options: readRequestOptions(body, exchange),
  }
}

export function sampleDeployment(patch: ModelPatch = {}): Deployment {
  const [deployment] = snapshotOf([modelConfig('m', patch)]).byDeploymentId.values()
  if (deployment === undefined) throw new Error('the deployment was not built')
  return deployment
}
