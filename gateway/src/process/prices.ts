import { readFile } from 'node:fs/promises'
import type { GatewayConfig } from '../config/config.ts'
import { loadBuiltInPrices } from '../pricing/built-in-prices.ts'
import { parsePriceMap } from '../pricing/parse-price-map.ts'
import { PriceTable } from '../pricing/price-table.ts'
import type { Logger } from '../telemetry/logger.ts'

const maxBytes = 64 * 1024 * 1024
const fetchTimeoutMs = 30_000

/** The shipped prices; nothing is read or fetched. */
export function createPriceTable(now: number): PriceTable {
  return new PriceTable(loadBuiltInPrices(), now)
}

/**
 * Loads the operator's price map in the background. A map that cannot be read changes nothing; one bad entry in
 * it does not reject the rest. True when prices changed.
 */
export async function loadConfiguredPrices(
  config: GatewayConfig,
  prices: PriceTable,
  logger: Logger,
  now: () => number,
): Promise<boolean> {
  const source = config.priceMapSource
  if (source === null) return false
  const name = source.split('?')[0] ?? source
  try {
    const { entries, problems } = parsePriceMap(await readSource(source))
    for (const problem of problems) logger.log('warn', 'price_map', { message: problem })
    prices.replace(entries, { name, loadedAtMs: now() })
    logger.log('info', 'price_map', { source: name, models: entries.size })
    return true
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    logger.log('error', 'price_map', { source: name, message: `The price map could not be read: ${reason}` })
    return false
  }
}

async function readSource(source: string): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8')
  const response = await fetch(source, { signal: AbortSignal.timeout(fetchTimeoutMs) })
  if (!response.ok) throw new Error(`status ${response.status}`)
  const length = Number(response.headers.get('content-length') ?? 0)
  if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
  const text = await response.text()
  if (text.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
  return text
}
