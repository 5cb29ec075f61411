import { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../deployments/deployment.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { RouteOverrides } from '../model-routing/route-asked.ts'
import { protocolOf } from '../protocols/protocols.ts'
import { requireAllowed, resolveRequested } from './admit.ts'
import { chooseDeployment } from './choose-deployment.ts'
import { chooseModel, emptyPool } from './choose-model.ts'
import type { Gateway } from './gateway.ts'
import { parseBody } from './parse.ts'

/** Where a request would have gone. */
export interface RoutePreview {
  /** Null where the name stands for one model. */
  readonly choice: ModelChoice | null
  readonly deployment: Deployment
}

/**
 * The stages up to the call, for a chat request nobody sends: the same parsing, grants, filters, choice and pick as for one that
 * is sent, without a slot, a cost, a trace or anything to remember. Errors: those of the real call, and `no_candidates` where no model is left.
 */
export async function previewRoute(
  gateway: Gateway,
  exchange: Exchange,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  overrides: RouteOverrides,
): Promise<RoutePreview> {
  const arrival = {
    exchange,
    operation: 'chat',
    protocol: protocolOf('openai-chat'),
    history: null,
    pathModel: null,
    pathStream: null,
  } as const
  const request = await parseBody(gateway.runtime(), arrival, caller, Buffer.from(JSON.stringify(body)))
  const resolution = resolveRequested(request)
  requireAllowed(request, resolution)
  const choice = await chooseModel(gateway, request, resolution, overrides)
  const deployment = chooseDeployment(gateway, request, resolution, choice).preview()
  if (deployment instanceof GatewayError) throw emptyPool(deployment, true)
  return { choice, deployment }
}
