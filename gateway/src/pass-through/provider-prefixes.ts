import type { DialectId } from '../conversation/dialect.ts'

/** A path prefix below which a provider's own API is reachable raw. */
export interface ProviderPrefix {
  readonly prefix: string
  readonly provider: string
  /** Without version, which stands in the caller's path; null when the operator's account says it. */
  readonly base: string | null
  /** The header that carries the key. */
  readonly auth: 'authorization' | 'x-api-key' | 'x-goog-api-key' | 'api-key'
  /** The wire whose usage its answers hold. */
  readonly wireId: string
  readonly dialect: DialectId
  readonly needsKey: boolean
}

const row = (
  prefix: string,
  provider: string,
  base: string | null,
  auth: ProviderPrefix['auth'],
  [wireId, dialect]: readonly [string, DialectId],
): ProviderPrefix => ({ prefix, provider, base, auth, wireId, dialect, needsKey: provider !== 'vllm' })

const openai = ['openai', 'openai-chat'] as const
const anthropic = ['anthropic', 'anthropic-messages'] as const
const google = ['gemini', 'google-generate'] as const

export const providerPrefixes: readonly ProviderPrefix[] = [
  row('/anthropic', 'anthropic', 'https://api.anthropic.com', 'x-api-key', anthropic),
  row('/gemini', 'gemini', 'https://generativelanguage.googleapis.com', 'x-goog-api-key', google),
  row('/vertex_ai', 'vertex_ai', null, 'authorization', google),
  row('/vertex-ai', 'vertex_ai', null, 'authorization', google),
  row('/bedrock', 'bedrock', null, 'authorization', anthropic),
  row('/azure', 'azure', null, 'api-key', openai),
  row('/azure_ai', 'azure_ai', null, 'api-key', openai),
  row('/cohere', 'cohere', 'https://api.cohere.com', 'authorization', openai),
  row('/mistral', 'mistral', 'https://api.mistral.ai', 'authorization', openai),
  row('/openai_passthrough', 'openai', 'https://api.openai.com', 'authorization', openai),
  row('/vllm', 'vllm', 'http://localhost:8000', 'authorization', openai),
]
