import type { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../deployments/deployment.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { failureToError } from '../providers/failure-to-error.ts'
import { createRedactor } from '../telemetry/redact.ts'

/**
 * A provider's failure as callers see it. Providers repeat the key they were sent, and not every key has a shape
 * that is recognised as one.
 */
export function describeUpstreamFailure(
  failure: UpstreamFailure,
  deployment: Deployment | null,
): GatewayError {
  const title = deployment?.provider.title ?? ''
  const key = deployment?.config.apiKey ?? null
  return failureToError(key === null ? failure : hide(failure, key), title)
}

function hide(failure: UpstreamFailure, key: string): UpstreamFailure {
  const { redactText } = createRedactor([key])
  const fields = failure.providerFields
  const text = JSON.stringify(fields)
  return {
    ...failure,
    message: redactText(failure.message),
    providerFields: redactText(text) === text ? fields : null,
  }
}
