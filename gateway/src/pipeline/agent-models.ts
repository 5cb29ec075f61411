import type { Deployment } from '../deployments/deployment.ts'
import { isAgent } from '../deployments/is-agent.ts'
import type { Transport } from '../transport/transport.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** The way to a deployment: the network, or the gateway's own agents. */
export function transportTo(deployment: Deployment, gateway: Gateway, request: ModelRequest): Transport {
  return isAgent(deployment) ? gateway.agentTransport(request) : gateway.transport
}
