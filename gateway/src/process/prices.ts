import { readFile } from 'node:fs/promises'
import type { EgressProxyConfig } from '../config/config.ts'
import { loadBuiltInPrices } from '../pricing/built-in-prices.ts'
import { parsePriceMap } from '../pricing/parse-price-map.ts'
import { PriceTable } from '../pricing/price-table.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ConfigurationHolder } from './configuration-holder.ts'
import { fetchText } from './fetch-text.ts'

const maxBytes = 64 * 1024 * 1024

/** The shipped prices; nothing is read or fetched. */
export function createPriceTable(now: number): PriceTable {
  return new PriceTable(loadBuiltInPrices(), now)
}

export interface PriceRefresh {
  readonly configuration: ConfigurationHolder
  readonly prices: PriceTable
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Reads the operator's price map in the background, after start and after each reload, and puts its prices into
 * force. A map that cannot be read changes nothing: the last good one stays. One bad entry does not reject the rest.
 */
export async function refreshPrices({ configuration, prices, logger, now }: PriceRefresh): Promise<void> {
  const { priceMapSource: source, egressProxy } = configuration.runtime.config
  if (source === null) return
  const name = source.split('?')[0] ?? source
  try {
    const { entries, problems } = parsePriceMap(await readSource(source, egressProxy))
    for (const problem of problems) logger.log('warn', 'price_map', { message: problem })
    prices.replace(entries, { name, loadedAtMs: now() })
    configuration.recompile()
    logger.log('info', 'price_map', { source: name, models: entries.size })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    logger.log('error', 'price_map', { source: name, message: `The price map could not be read: ${reason}` })
  }
}

function readSource(source: string, proxy: EgressProxyConfig | null): Promise<string> {
  return /^https?:/i.test(source) ? fetchText(source, maxBytes, proxy) : readFile(source, 'utf8')
}
