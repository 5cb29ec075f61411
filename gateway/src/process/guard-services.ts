import type { BedrockGuardrailsConfig, GatewayConfig, LlamaGuardConfig } from '../config/config.ts'
import type { GuardService, GuardServices } from '../plugins/guards/guard-service.ts'
import { findBaseUrl, findSignature } from '../providers/bedrock/account.ts'
import type { RequestSignature } from '../transport/authorization.ts'
import { AuthorizingTransport } from '../transport/authorizing-transport.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { exchangeBytes } from '../transport/fetch-bytes.ts'
import { StartFailure } from './listen.ts'
import { createNetworkTransport, createTokenTransport } from './network-transport.ts'
import { readUserFile } from './read-user-file.ts'

const maxBytes = 1_048_576
const maxConnections = 32

/** What the guards that are on ask over the network. Errors: StartFailure for an address that may not be called, and for credentials that do not fit together. */
export function createGuardServices(
  { plugins, egressProxy }: GatewayConfig,
  now: () => number,
): GuardServices {
  const { llamaGuard, bedrockGuardrails } = plugins.guards
  const create = (target: Target): GuardService => createService(target, egressProxy, now)
  return {
    llamaGuard: llamaGuard === null ? null : create(describeModel(llamaGuard)),
    bedrockGuardrails: bedrockGuardrails === null ? null : create(describeGuardrail(bedrockGuardrails)),
  }
}

interface Target {
  readonly url: string
  readonly headers: readonly string[]
  readonly authorization: RequestSignature | null
  readonly timeoutMs: number
}

function describeModel({ endpoint, apiKey, timeoutMs }: LlamaGuardConfig): Target {
  return { url: endpoint, headers: bearer(apiKey), authorization: null, timeoutMs }
}

function describeGuardrail({ id, version, account, apiKey, timeoutMs }: BedrockGuardrailsConfig): Target {
  const config = { account, apiKey, apiBase: null, upstreamModel: id }
  try {
    const base = findBaseUrl(config).replace(/\/+$/, '')
    return {
      url: `${base}/guardrail/${encodeURIComponent(id)}/version/${version}/apply`,
      headers: bearer(apiKey),
      authorization: findSignature(config),
      timeoutMs,
    }
  } catch (error) {
    throw new StartFailure(`the guard bedrock-guardrails cannot start: ${(error as Error).message}`)
  }
}

function bearer(key: string | null): readonly string[] {
  return key === null ? [] : ['authorization', `Bearer ${key}`]
}

function createService(
  { url, headers, authorization, timeoutMs }: Target,
  proxy: GatewayConfig['egressProxy'],
  now: () => number,
): GuardService {
  const { origin, pathname, search, hostname } = new URL(url)
  const refusal = refuseOperatorHost(hostname)
  if (refusal !== null) throw new StartFailure(`${hostname} may not be called by a guard, because ${refusal}`)
  const network = createNetworkTransport(proxy, { maxConnectionsPerOrigin: maxConnections })
  const transport = new AuthorizingTransport(network, now, readUserFile, createTokenTransport(network))
  const limits = { transport, refuseHost: refuseOperatorHost, maxBytes, timeoutMs }
  return {
    post: async (body) => {
      const { status, bytes } = await exchangeBytes(
        {
          ...{ origin, method: 'POST', path: pathname + search, authorization },
          headers: ['content-type', 'application/json', 'accept', 'application/json', ...headers],
          body: Buffer.from(JSON.stringify(body)),
        },
        limits,
      )
      if (status !== 200) throw new Error(`status ${status}`)
      return JSON.parse(bytes.toString()) as unknown
    },
    close: () => transport.close(),
  }
}
