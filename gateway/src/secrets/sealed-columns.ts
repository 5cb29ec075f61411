/** Where sealed secrets are kept in the database. */
export interface SealedColumn {
  readonly table: SealedTable
  /** What names the row of a secret, in the order of its place. */
  readonly row: readonly string[]
  readonly column: string
  /** `text` is one envelope; `json` is a document with envelopes in it. */
  readonly kind: 'text' | 'json'
  /** Rows from before it was sealed without fail hold it in clear. */
  readonly wasOpen?: boolean
  /** What is lost with its key comes again or is content: it keeps no gateway from starting. */
  readonly isReplaceable?: boolean
}

export type SealedTable = keyof typeof columns

const columns = {
  managed_models: { row: ['model_id'], column: 'params', kind: 'text' },
  managed_credentials: { row: ['name'], column: 'held', kind: 'text' },
  mcp_servers: { row: ['server_id'], column: 'secrets', kind: 'text' },
  mcp_submissions: { row: ['server_id'], column: 'secrets', kind: 'text' },
  mcp_credentials: { row: ['owner', 'server_id'], column: 'sealed', kind: 'text' },
  mcp_issuer_clients: { row: ['server_id', 'issuer'], column: 'sealed', kind: 'text', isReplaceable: true },
  a2a_agents: { row: ['agent_id'], column: 'registration', kind: 'json' },
  a2a_push_configs: { row: ['token_hash'], column: 'config', kind: 'text' },
  webhooks: { row: ['workspace_id', 'id'], column: 'secret', kind: 'text', wasOpen: true },
  workspace_embedders: { row: ['workspace_id'], column: 'api_key', kind: 'text', wasOpen: true },
  retired_keys: { row: ['token_hash'], column: 'handover', kind: 'text', isReplaceable: true },
  config_snapshots: { row: ['source'], column: 'content', kind: 'text', isReplaceable: true },
  stored_responses: { row: ['id'], column: 'content', kind: 'text', isReplaceable: true },
} as const satisfies Record<string, Omit<SealedColumn, 'table'>>

/** Every column that something sealed is written to: what a rotation goes through, and what a start must be able to open. */
export const sealedColumns: readonly SealedColumn[] = Object.entries(columns).map(([table, column]) => ({
  table: table as SealedTable,
  ...column,
}))

/** The row of a place, from the values that name it. */
export function nameRow(values: readonly string[]): string {
  const [value = ''] = values
  return values.length === 1 ? value : JSON.stringify(values)
}
