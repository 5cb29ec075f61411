import type { ProviderProfile } from './wire.ts'

type PlannedRow = readonly [id: string, title: string, keys: readonly string[], url: string | null]

const rows: readonly PlannedRow[] = [
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
