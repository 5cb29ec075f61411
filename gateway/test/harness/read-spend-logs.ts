import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

export interface SpendLog {
  readonly request_id: string
  readonly status: number
  readonly requested_model: string
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cost_nano_usd: number | null
  readonly key_hash: string | null
  readonly estimated: boolean
  readonly gross_nano_usd: number | null
  readonly discount_nano_usd: number | null
  readonly margin_nano_usd: number | null
  readonly service_tier: string | null
}

/** The ledger of a gateway that has ended. */
export async function readSpendLogs(dataDir: string): Promise<SpendLog[]> {
  const database = await PGlite.create({ dataDir: join(dataDir, 'database') })
  try {
    const columns =
      'request_id, status, requested_model, input_tokens, output_tokens, cost_nano_usd, key_hash, estimated, ' +
      'gross_nano_usd, discount_nano_usd, margin_nano_usd, service_tier'
    const { rows } = await database.query<SpendLog>(`SELECT ${columns} FROM spend_logs ORDER BY started_at`)
    return rows
  } finally {
    await database.close()
  }
}
