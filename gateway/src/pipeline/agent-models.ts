import type { Deployment } from '../deployments/deployment.ts'
import { agentsOrigin } from '../providers/a2a/a2a.ts'
import type { Transport } from '../transport/transport.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** Whether a deployment is an agent that the gateway asks like a model. */
export function isAgent({ origin }: Deployment): boolean {
  return origin === agentsOrigin
}

/** The way to a deployment: the network, or the gateway's own agents. */
export function transportTo(deployment: Deployment, gateway: Gateway, request: ModelRequest): Transport {
  return isAgent(deployment) ? gateway.agentTransport(request) : gateway.transport
}
