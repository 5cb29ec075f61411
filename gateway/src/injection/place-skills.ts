import type { CacheControl, Part } from '../conversation/part.ts'
import type { ConversationMessage, ConversationRequest, FunctionTool } from '../conversation/request.ts'

/** What goes where in a conversation. */
export interface SkillPlacement {
  /** Behind the caller's own leading instructions; empty for none. */
  readonly stableBlock: string
  readonly cacheControl: CacheControl | null
  /** Put in front of the caller's instructions instead. */
  readonly beforeSystem: boolean
  /** Last of all tools. */
  readonly ownTools: readonly FunctionTool[]
}

/** The conversation with the menu behind its instructions and the tool behind its own. */
export function placeSkills(
  conversation: ConversationRequest,
  { stableBlock, cacheControl, beforeSystem, ownTools }: SkillPlacement,
): ConversationRequest {
  const { messages, tools } = conversation
  return {
    ...conversation,
    messages:
      stableBlock === ''
        ? messages
        : insertBlock(messages, markBlock(stableBlock, cacheControl), beforeSystem),
    tools: [...tools, ...ownTools],
  }
}

function markBlock(text: string, cacheControl: CacheControl | null): Part {
  return { type: 'text', text, ...(cacheControl === null ? {} : { cacheControl }) }
}

function insertBlock(
  messages: readonly ConversationMessage[],
  block: Part,
  beforeSystem: boolean,
): readonly ConversationMessage[] {
  const first = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const leading = first === -1 ? messages.length : first
  const at = beforeSystem ? 0 : leading
  const role = messages[leading - 1]?.role === 'developer' ? 'developer' : 'system'
  return [...messages.slice(0, at), { role, parts: [block] }, ...messages.slice(at)]
}

/** Puts each hint at the end of the human message with its index. */
export function addHints(
  { messages, dialect }: Pick<ConversationRequest, 'messages' | 'dialect'>,
  hints: ReadonlyMap<number, string>,
): readonly ConversationMessage[] {
  if (hints.size === 0) return messages
  return messages.map((message, index) => {
    const hint = hints.get(index)
    return hint === undefined ? message : addHint(message, hint, dialect === 'openai-chat')
  })
}

/** Where a dialect writes plain text as text, the hint is its last paragraph, so that it stays plain text. */
function addHint(message: ConversationMessage, hint: string, asParagraph: boolean): ConversationMessage {
  const tagged = `<routeiq-hint>\n${hint}\n</routeiq-hint>`
  const [only, ...others] = message.parts
  if (asParagraph && others.length === 0 && only?.type === 'text' && only.cacheControl === undefined)
    return { ...message, parts: [{ ...only, text: `${only.text}\n\n${tagged}` }] }
  return { ...message, parts: [...message.parts, { type: 'text', text: tagged }] }
}
