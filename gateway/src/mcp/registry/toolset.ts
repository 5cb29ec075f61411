import type { McpServer } from '../server.ts'

/** Tools of one server or several under one name. Times are ISO 8601. */
export interface Toolset {
  readonly toolsetId: string
  readonly name: string
  readonly description: string | null
  readonly tools: readonly ToolsetMember[]
  readonly createdAt: string
  /** Digest of a key. */
  readonly createdBy: string | null
  readonly updatedAt: string
  readonly updatedBy: string | null
}

interface ToolsetMember {
  readonly serverId: string
  /** The name at its server. */
  readonly toolName: string
}

export function isToolsetName({ toolsetId, name }: Toolset, word: string): boolean {
  return toolsetId === word || name.toLowerCase() === word.toLowerCase()
}

/** The tools of a server that are in the toolsets some words stand for. */
export function toolsOf(
  { settings }: McpServer,
  toolsets: readonly Toolset[],
  words: Iterable<string>,
): ReadonlySet<string> {
  const found = new Set<string>()
  for (const word of words) {
    for (const toolset of toolsets) {
      if (!isToolsetName(toolset, word)) continue
      for (const { serverId, toolName } of toolset.tools)
        if (serverId === settings.serverId) found.add(toolName)
    }
  }
  return found
}

/** The tools that are in both. */
export function intersect(some: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...some].filter((name) => others.has(name)))
}
