import type { McpServerSettings } from '../config/config.ts'

/** A tool server that the gateway knows. Immutable: every change makes a new one with another revision. */
export interface McpServer {
  readonly settings: McpServerSettings
  /** Those of the file cannot be changed over REST, and may be anywhere in the operator's own network. */
  readonly source: 'config' | 'database'
  readonly revision: string
  /** ISO 8601; null for servers of the file. */
  readonly createdAt: string | null
  readonly createdBy: string | null
  readonly updatedAt: string | null
  readonly updatedBy: string | null
}

/** Whether a word of a selector stands for this server. */
export function isNameOf(server: McpServer, word: string): boolean {
  return server.settings.serverId === word || aliasOf(server).toLowerCase() === word.toLowerCase()
}

/** The public short name: what stands before the names of its tools. */
export function aliasOf({ settings }: McpServer): string {
  return settings.alias ?? settings.serverId
}

/** A program that is started when somebody first wants something of it. */
export function isLazy({ settings }: McpServer): boolean {
  return settings.transport === 'stdio' && !settings.isEager
}
