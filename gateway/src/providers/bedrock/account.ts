import type { RequestSignature } from '../../transport/authorization.ts'
import type { AccountConfig } from '../wire.ts'
import { createSignature } from './signature.ts'

/** Ways to obtain credentials that need calls to other AWS services or files. */
const unavailable = ['aws_profile_name', 'aws_role_name', 'aws_web_identity_token'] as const

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
 * The signature of an account with access keys; null when a bearer token logs in. Errors: throws an Error for
 * credentials that are missing or of a kind that is not available.
 */
export function findSignature(config: AccountConfig): RequestSignature | null {
  const { account, apiKey, apiBase, upstreamModel } = config
  if (apiKey !== null) return null
  const accessKeyId = account['aws_access_key_id']
  const secretAccessKey = account['aws_secret_access_key']
  const configured = unavailable.find((name) => account[name] !== undefined)
  if (configured !== undefined) {
    throw new Error(
      `\`${configured}\` is not available; give \`aws_access_key_id\` and \`aws_secret_access_key\``,
    )
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(
      'provider `bedrock` needs `aws_access_key_id` and `aws_secret_access_key`, or AWS_BEARER_TOKEN_BEDROCK',
    )
  }
  const region = findRegion(account, upstreamModel) ?? regionOfHost(apiBase ?? findBaseUrl(config))
  if (region === null)
    throw new Error('provider `bedrock` needs `aws_region_name` or AWS_REGION to sign requests')
  return createSignature({ accessKeyId, secretAccessKey, sessionToken: account['aws_session_token'] }, region)
}

/** As configured, else that of the resource the model id names (`arn:aws:bedrock:eu-west-1:…`). */
function findRegion(account: AccountConfig['account'], model: string): string | null {
  const resource = account['model_id'] ?? model
  return account['aws_region_name'] ?? /^arn:[\w-]+:[\w-]+:([\w-]+):/.exec(resource)?.[1] ?? null
}

function regionOfHost(base: string): string | null {
  return /\/\/bedrock-runtime(?:-fips)?\.([\w-]+)\.amazonaws\./.exec(base)?.[1] ?? null
}
