import type { ModelConfig } from '../../config/config.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { isSecretParameter } from '../../deployments/secret-parameter.ts'
import { findPriceEntry } from '../../pricing/find-prices.ts'
import type { PriceTable } from '../../pricing/price-table.ts'

/** A deployment as `/model/info` shows it: what may be known of it, never a credential. */
export function describeModel(
  deployment: Pick<Deployment, 'group' | 'config' | 'apiBase' | 'upstreamModel'>,
  prices: PriceTable,
): Record<string, unknown> {
  const { config, group, upstreamModel } = deployment
  const entry = findPriceEntry(prices, config, upstreamModel)
  return {
    model_name: group,
    litellm_params: describeParams(deployment),
    model_info: {
      ...entry?.raw,
      litellm_provider: config.provider,
      mode: config.info.mode,
      db_model: false,
      ...config.info.raw,
      id: config.info.id,
      key: entry?.name ?? upstreamModel,
    },
  }
}

function describeParams({
  config,
  apiBase,
}: Pick<Deployment, 'config' | 'apiBase'>): Record<string, unknown> {
  const given = {
    model: `${config.provider}/${config.upstreamModel}`,
    api_base: config.apiBase === null ? null : apiBase,
    ...publicAccount(config),
    organization: config.organization,
    region_name: config.regionName,
    rpm: config.requestsPerMinute,
    tpm: config.tokensPerMinute,
    max_parallel_requests: config.maxParallelRequests,
    weight: config.weight,
    order: config.order,
    timeout: inSeconds(config.timeoutMs),
    stream_timeout: inSeconds(config.streamTimeoutMs),
    max_retries: config.numRetries,
    tags: config.tags.length === 0 ? null : config.tags,
    drop_params: config.dropParams,
    ...config.defaultParams,
    ...config.prices,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}

/** What names an account without opening it. */
function publicAccount({ account }: ModelConfig): Record<string, string> {
  return Object.fromEntries(Object.entries(account).filter(([name]) => !isSecretParameter(name)))
}

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000)
