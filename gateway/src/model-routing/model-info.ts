import type { ModelInfo } from '@routeiq/router'
import type { Arm } from '../deployments/routed-group.ts'
import { picoPerUsd } from '../pricing/prices.ts'

const described = new WeakMap<Arm, ModelInfo>()

/** What scorers know of an arm, from configuration and catalogue; made once for each configuration. */
export function describeArm(arm: Arm): ModelInfo {
  let info = described.get(arm)
  if (info === undefined) {
    info = describe(arm)
    described.set(arm, info)
  }
  return info
}

function describe({ name, deployments }: Arm): ModelInfo {
  const [deployment] = deployments
  const rates = deployment?.prices?.steps[0].rates.standard
  const { tier = null, raw = {} } = deployment?.config.info ?? {}
  const quality = raw['quality_score']
  const upstream = deployment?.upstreamModel
  return {
    name,
    aliases:
      deployment === undefined || upstream === undefined
        ? []
        : [...new Set([upstream, `${deployment.provider.id}/${upstream}`])].filter((alias) => alias !== name),
    provider: deployment?.provider.id ?? '',
    size: parseSize(raw['size']),
    inputPrice: usd(rates?.input),
    outputPrice: usd(rates?.output),
    cacheReadPrice: usd(rates?.cacheRead),
    contextWindow: deployment?.facts.maxInputTokens ?? null,
    reasons: deployment?.facts.supports['supports_reasoning'] === true,
    tier,
    qualityScore: typeof quality === 'number' ? quality : null,
  }
}

function usd(pico: bigint | null | undefined): number | null {
  return pico === null || pico === undefined ? null : Number(pico) / picoPerUsd
}

const billions: Readonly<Record<string, number>> = { M: 1e-3, B: 1, T: 1e3 }

/** `7B`, `512M` or `1T` as a whole word, in billions; a number is taken as billions. */
function parseSize(size: unknown): number | null {
  if (typeof size === 'number') return size > 0 ? size : null
  const match = typeof size === 'string' ? /^(\d+(?:\.\d+)?)\s*([MBT])$/i.exec(size.trim()) : null
  return match === null ? null : Number(match[1]) * (billions[match[2]?.toUpperCase() ?? ''] ?? 1)
}
