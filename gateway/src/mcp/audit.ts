import type { ProgramEvent } from './upstream/programs.ts'

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
  | 'mcp.program.start'
  | 'mcp.program.exit'
  | 'mcp.program.refuse'

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

/** What became of a program of a server. */
export function describeProgram(serverId: string, event: ProgramEvent): AuditEvent {
  const about = { requestId: null, actor: null, serverId }
  switch (event.kind) {
    case 'start':
      return { ...about, action: 'mcp.program.start', outcome: 'success' }
    case 'exit': {
      const { isWanted, reason } = event.exit
      return { ...about, action: 'mcp.program.exit', outcome: isWanted ? 'success' : 'error', reason }
    }
    case 'refuse':
      return { ...about, action: 'mcp.program.refuse', outcome: 'denied', reason: event.reason }
  }
}
