import type { SiblingProcesses } from '../mcp/native/siblings.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/snapshot.ts'
import type { ConfigurationHolder } from './configuration-holder.ts'
import type { Hub } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

/** What a serving process is composed from. */
export interface ServeOptions {
  readonly configuration: ConfigurationHolder
  readonly prices: PriceTable
  readonly hub: Hub
  readonly telemetry: Telemetry
  /** The metrics of every worker of this gateway. */
  readonly collectMetrics: () => Promise<MetricsSnapshot>
  /** How many of the allowed concurrent requests this process may take; 0 for no limit. */
  readonly maxConcurrentRequests: number
  /** Null where this process serves alone. */
  readonly siblings: SiblingProcesses | null
  readonly now: () => number
  readonly random: () => number
}
