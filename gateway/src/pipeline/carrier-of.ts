import { BlobCarrier } from '../conversation/blob-carrier.ts'
import type { BlobSealer } from '../conversation/blob-sealer.ts'
import type { Deployment } from '../deployments/deployment.ts'

/** Carries the signatures of calls to one deployment through their clients. */
export function carrierOf(blobs: BlobSealer, deployment: Deployment): BlobCarrier {
  const family = familyOf(deployment)
  // OpenAI encrypts reasoning for the organisation that asked.
  return new BlobCarrier(blobs, { family, account: deployment.id, isAccountBound: family === 'openai' })
}

/** Models of one maker read each other's signatures wherever they are hosted; others only their provider's own. */
function familyOf({ upstreamModel, wire, provider }: Deployment): string {
  if (wire.dialect === 'anthropic-messages' || upstreamModel.includes('claude')) return 'anthropic'
  return wire.dialect === 'google-generate' ? 'google' : provider.id
}
