import type { ConversationRequest, ToolDefinition } from '../conversation/request.ts'
import { codeToolNames } from './code-tool.ts'
import { loadToolNames } from './load-skill-tool.ts'
import { readFileToolNames } from './read-file-tool.ts'

/** What the tools of the gateway are called in one conversation. */
export interface ToolNames {
  readonly load: string
  /** Null where files are not read. */
  readonly readFile: string | null
  /** Null where no code is run. */
  readonly runCode: string | null
}

const headings = ['## Recommended Skills', '## Available Skills']

/** Whether a client brings skills of its own: a menu in its instructions, or the tool of a skill router's SDK. */
export function hasClientRouter({ messages, tools }: ConversationRequest): boolean {
  return tools.some(isSdkLoader) || messages.some(hasMenu)
}

/** Names that no tool of the caller has; null when it has every name for the tool that loads. */
export function chooseToolNames(
  { tools }: Pick<ConversationRequest, 'tools'>,
  { readsFiles, runsCode }: { readonly readsFiles: boolean; readonly runsCode: boolean },
): ToolNames | null {
  const isFree = (name: string): boolean => !tools.some((tool) => tool.name === name)
  const load = loadToolNames.find(isFree)
  if (load === undefined) return null
  return {
    load,
    readFile: (readsFiles ? readFileToolNames.find(isFree) : undefined) ?? null,
    runCode: (runsCode ? codeToolNames.find(isFree) : undefined) ?? null,
  }
}

/** The SDKs' tool takes the name of a skill and nothing else; another tool of that name is the caller's own affair. */
function isSdkLoader(tool: ToolDefinition): boolean {
  if (tool.type !== 'function' || tool.name !== loadToolNames[0]) return false
  const required = tool.parameters?.['required']
  return Array.isArray(required) && required.length === 1 && required[0] === 'name'
}

function hasMenu({ role, parts }: ConversationRequest['messages'][number]): boolean {
  if (role !== 'system' && role !== 'developer') return false
  return parts.some((part) => part.type === 'text' && headings.some((heading) => part.text.includes(heading)))
}
