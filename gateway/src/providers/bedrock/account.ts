import { findCredentials } from '../../cloud-accounts/aws/find-credentials.ts'
import { createSignature } from '../../cloud-accounts/aws/signature.ts'
import type { RequestSignature } from '../../transport/authorization.ts'
import type { AccountConfig } from '../wire.ts'

/** Errors: throws an Error when neither an endpoint nor a region is known. */
export function findBaseUrl({ account, upstreamModel }: AccountConfig): string {
  const endpoint = account['aws_bedrock_runtime_endpoint']
  if (endpoint !== undefined) return endpoint
  const region = findRegion(account, upstreamModel)
  if (region === null) throw new Error('provider `bedrock` needs `aws_region_name` or AWS_REGION')
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://bedrock-runtime.${region}.${domain}`
}

/**
 * The signature of an account; null when a bearer token logs in. Errors: throws an Error for credentials that are
 * missing or do not fit together.
 */
export function findSignature(config: AccountConfig): RequestSignature | null {
  const { account, apiKey, apiBase, upstreamModel } = config
  if (apiKey !== null) return null
  const region = findRegion(account, upstreamModel) ?? regionOfHost(apiBase ?? findBaseUrl(config))
  if (region === null)
    throw new Error('provider `bedrock` needs `aws_region_name` or AWS_REGION to sign requests')
  const credentials = findCredentials(account, region)
  if (credentials === null) throw new Error(missingCredentials)
  return createSignature('bedrock', region, credentials)
}

const missingCredentials =
  'provider `bedrock` needs `aws_access_key_id` and `aws_secret_access_key`, `aws_profile_name`, a web identity or AWS_BEARER_TOKEN_BEDROCK'

/** As configured, else that of the resource the model id names (`arn:aws:bedrock:eu-west-1:…`). */
function findRegion(account: AccountConfig['account'], model: string): string | null {
  const resource = account['model_id'] ?? model
  return account['aws_region_name'] ?? /^arn:[\w-]+:[\w-]+:([\w-]+):/.exec(resource)?.[1] ?? null
}

function regionOfHost(base: string): string | null {
  return /\/\/bedrock-runtime(?:-fips)?\.([\w-]+)\.amazonaws\./.exec(base)?.[1] ?? null
}
