import type { ProviderProfile } from './wire.ts'

type PlannedRow = readonly [id: string, title: string, keys: readonly string[], url: string | null]

const rows: readonly PlannedRow[] = [
  ['azure', 'Azure', ['AZURE_API_KEY'], null],
  ['azure_ai', 'Azure AI', ['AZURE_AI_API_KEY'], null],
  ['azure_text', 'Azure', ['AZURE_API_KEY'], null],
  ['vertex_ai', 'Vertex AI', [], null],
  ['bedrock', 'Bedrock', ['AWS_BEARER_TOKEN_BEDROCK'], null],
  ['ollama', 'Ollama', ['OLLAMA_API_KEY'], 'http://localhost:11434'],
  ['ollama_chat', 'Ollama', ['OLLAMA_API_KEY'], 'http://localhost:11434'],
  ['github_copilot', 'GitHub Copilot', [], 'https://api.githubcopilot.com'],
  ['watsonx', 'watsonx', ['WATSONX_API_KEY'], null],
  ['sagemaker', 'SageMaker', [], null],
  ['oci', 'OCI', [], null],
  ['snowflake', 'Snowflake', ['SNOWFLAKE_JWT'], null],
  ['replicate', 'Replicate', ['REPLICATE_API_KEY'], null],
  ['triton', 'Triton', [], null],
]

/** Providers whose wire this release does not have: known by name, so that using one is a clear diagnostic. */
export const plannedProviders: readonly ProviderProfile[] = rows.map(([id, title, keyVariables, url]) => ({
  id,
  title,
  wireId: id,
  defaultBaseUrl: url,
  keyVariables,
  baseUrlVariables: [`${id.toUpperCase()}_API_BASE`],
  auth: 'bearer',
  quirks: {},
}))
