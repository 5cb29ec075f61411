import type { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../deployments/deployment.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { failureToError } from '../providers/failure-to-error.ts'

/** Shorter texts could be part of ordinary words. */
const shortestKey = 8

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
  return failureToError(key === null || key.length < shortestKey ? failure : hide(failure, key), title)
}

function hide(failure: UpstreamFailure, key: string): UpstreamFailure {
  const { message, providerFields } = failure
  const repeated = JSON.stringify(providerFields).includes(key)
  return {
    ...failure,
    message: message.replaceAll(key, '[REDACTED]'),
    providerFields: repeated ? null : providerFields,
  }
}
