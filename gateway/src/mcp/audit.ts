export type AuditAction =
  | 'mcp.server.create'
  | 'mcp.server.update'
  | 'mcp.server.delete'
  | 'mcp.tool.register'
  | 'mcp.tool.call'
  | 'mcp.tool.approve'
  | 'mcp.tool.quarantine'
  | 'mcp.credential.set'
  | 'mcp.credential.delete'
  | 'mcp.oauth.consent'
  | 'mcp.oauth.token'

/** Something about tool servers that somebody may want to know of later. Holds no argument, result or secret. */
export interface AuditEvent {
  readonly action: AuditAction
  /** Null for what no request caused. */
  readonly requestId: string | null
  /** Digest of the key; null for the gateway itself. */
  readonly actor: string | null
  readonly serverId: string
  readonly toolName?: string
  readonly outcome: 'success' | 'denied' | 'error'
  readonly reason?: string
}
