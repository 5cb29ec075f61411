import { intersect, type Toolset, toolsOf } from '../registry/toolset.ts'
import { isNameOf, type McpServer } from '../server.ts'

/** Servers, each with the tools that count; null where all do. */
export type ServerScope = ReadonlyMap<McpServer, ReadonlySet<string> | null>

/**
 * Narrows servers to those a selector names: by alias, id or access group, or by a toolset, which leaves the tools of that set. Several
 * words are separated by commas.
 */
export function selectServers(
  scope: ServerScope,
  selector: string,
  toolsets: readonly Toolset[],
): ServerScope {
  const words = selector
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  const selected = new Map<McpServer, ReadonlySet<string> | null>()
  for (const [server, tools] of scope) {
    if (words.some((word) => isNameOf(server, word) || server.settings.accessGroups.includes(word))) {
      selected.set(server, tools)
      continue
    }
    const listed = toolsOf(server, toolsets, words)
    if (listed.size > 0) selected.set(server, tools === null ? listed : intersect(tools, listed))
  }
  return selected
}
