import type { WebSearchOptions } from '../../conversation/request.ts'
import type { Block } from './encoding.ts'

/** Tools Anthropic defines or runs itself, by the beginning of their type. */
const serverToolPattern =
  /^(?:web_search|web_fetch|code_execution|bash|text_editor|computer|browser|memory|tool_search_tool|mcp_toolset)_?/

const betasByType = new Map<string, string>(
  Object.entries({
    computer_20241022: 'computer-use-2024-10-22',
    bash_20241022: 'computer-use-2024-10-22',
    text_editor_20241022: 'computer-use-2024-10-22',
    computer_20250124: 'computer-use-2025-01-24',
    computer_20251124: 'computer-use-2025-11-24',
    code_execution_20250522: 'code-execution-2025-05-22',
    code_execution_20250825: 'code-execution-2025-08-25',
    web_fetch_20250910: 'web-fetch-2025-09-10',
    memory_20250818: 'context-management-2025-06-27',
    tool_search_tool_bm25_20251119: 'advanced-tool-use-2025-11-20',
    tool_search_tool_regex_20251119: 'advanced-tool-use-2025-11-20',
    mcp_toolset: 'mcp-client-2025-11-20',
  }),
)

/** Whether a tool type is Anthropic's own: dated (`web_search_20250305`), or an MCP toolset. */
export function isServerTool(type: string): boolean {
  return serverToolPattern.test(type) && (type === 'mcp_toolset' || /_\d{8}$/.test(type))
}

/** The beta header a tool version needs, null when it is generally available. */
export function betaOfTool(type: string): string | null {
  return betasByType.get(type) ?? null
}

const searchUses = { low: 1, medium: 5, high: 10 } as const

/** The search tool that stands for the chat dialect's `web_search_options`. */
export function encodeWebSearch({ contextSize, userLocation }: WebSearchOptions): Block {
  const tool: Block = { type: 'web_search_20250305', name: 'web_search', max_uses: searchUses[contextSize] }
  if (userLocation !== null) {
    const { approximate, ...rest } = userLocation
    tool['user_location'] = { type: 'approximate', ...(approximate ?? rest) }
  }
  return tool
}
