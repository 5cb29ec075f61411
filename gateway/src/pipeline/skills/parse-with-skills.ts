import { GatewayError } from '@routeiq/contract'
import type { BlobSealer } from '../../conversation/blob-sealer.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { facing } from '../../deployments/select-wires.ts'
import { carrierOf } from '../carrier-of.ts'
import type { ModelRequest } from '../model-request.ts'
import { parseFor } from '../translated-exchange.ts'
import { describeTarget } from '../upstream-exchange.ts'
import { buildWantedBody } from '../wanted-body.ts'

/** A request in the conversation model, as one deployment gets it. */
export interface ParsedRequest {
  /** Facing the client's dialect. */
  readonly deployment: Deployment
  readonly conversation: ConversationRequest
}

/** Errors: 400 for what the dialect does not allow. */
export function parseWithSkills(
  request: ModelRequest,
  target: Deployment,
  overrides: Readonly<Record<string, unknown>> | null,
  blobs: BlobSealer,
): ParsedRequest {
  const deployment = facing(target, request.protocol.id)
  // Nearly always the deployment that was expected.
  if (request.parsed?.deployment === deployment && overrides === null) return request.parsed
  const wanted = buildWantedBody(request.body, deployment, overrides, request.protocol)
  const described = describeTarget(request, deployment)
  const carrier = carrierOf(blobs, deployment)
  return { deployment, conversation: parseFor(request, deployment.wire, wanted, described, carrier) }
}

/**
 * The request for the deployment that will probably answer. Null where it could not take the request, which another may:
 * then nothing of the request is known yet.
 */
export function tryParseWithSkills(
  request: ModelRequest,
  target: Deployment,
  blobs: BlobSealer,
): ParsedRequest | null {
  try {
    return parseWithSkills(request, target, null, blobs)
  } catch (error) {
    if (error instanceof GatewayError) return null
    throw error
  }
}
