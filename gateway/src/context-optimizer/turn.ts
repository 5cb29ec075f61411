export type JsonObject = Readonly<Record<string, unknown>>

/** One message of a conversation, or what stands for one, in any dialect. */
export interface Turn {
  readonly item: JsonObject
  /** `tool` only has results of tools; `other` is what no human and no model says in words, like a call. */
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | 'other'
  /** The names by which results refer to what it calls. */
  readonly calls: readonly string[]
  readonly results: readonly string[]
  /** Its words, where it is made of words alone and nothing else may depend on it; null otherwise. */
  readonly words: string | null
  readonly isMarked: boolean
}

const roles: Readonly<Record<string, Turn['role']>> = {
  ...{ system: 'system', developer: 'system', user: 'user', assistant: 'assistant', model: 'assistant' },
  ...{ tool: 'tool', function: 'tool' },
}
/** All that a part of plain words has, as far as it is not empty. */
const wordMembers: ReadonlySet<string> = new Set(['type', 'text'])
/** The same of a message. */
const messageMembers: ReadonlySet<string> = new Set(['type', 'role', 'content', 'parts'])

/** Reads an item of `messages`, `input` or `contents`. */
export function readTurn(item: JsonObject): Turn {
  const parts = partsOf(item)
  const calls = [...callsOf(item), ...parts.flatMap(callsOf)]
  const results = [...resultsOf(item), ...parts.flatMap(resultsOf)]
  return {
    item,
    role: roleOf(item, parts),
    calls,
    results,
    words: wordsOf(item, parts),
    isMarked: hasMark(item),
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Plain words, on which no index of an annotation, no signature and no cache mark depends. */
export function isWords(part: JsonObject): part is JsonObject & { readonly text: string } {
  return typeof part['text'] === 'string' && hasOnly(part, wordMembers)
}

function hasOnly(owner: JsonObject, members: ReadonlySet<string>): boolean {
  return Object.entries(owner).every(([name, value]) => members.has(name) || isEmpty(value))
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

/** Whether something in it says where a provider shall keep what it has read. */
export function hasMark(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMark)
  if (!isObject(value)) return false
  return (value['cache_control'] ?? null) !== null || Object.values(value).some(hasMark)
}

function partsOf({ content, parts }: JsonObject): readonly JsonObject[] {
  const list = content ?? parts
  return Array.isArray(list) ? list.filter(isObject) : []
}

function roleOf(item: JsonObject, parts: readonly JsonObject[]): Turn['role'] {
  const { role, type } = item
  if (isResult(type)) return 'tool'
  // Contents of Gemini may leave out who speaks, which is the user then.
  const speaker = role ?? (Array.isArray(item['parts']) ? 'user' : null)
  const known = typeof speaker === 'string' ? (roles[speaker] ?? 'other') : 'other'
  const holdsResults = parts.length > 0 && parts.every((part) => resultsOf(part).length > 0)
  return known === 'user' && holdsResults ? 'tool' : known
}

/** What an item or part calls, by the name its result will have. */
function callsOf(owner: JsonObject): string[] {
  const { tool_calls: toolCalls, type, id, call_id: callId, functionCall, function_call: legacy } = owner
  const listed = Array.isArray(toolCalls) ? toolCalls.filter(isObject).map((call) => call['id']) : []
  const named = [functionCall, legacy].filter(isObject).map((call) => call['id'] ?? call['name'])
  const isCall = typeof type === 'string' && /(?:tool_use|approval_request)$/.test(type)
  const own = isResult(type) ? undefined : callId
  return texts([...listed, ...named, isCall ? id : undefined, own])
}

function resultsOf(owner: JsonObject): string[] {
  const { type, role, name, functionResponse, function_response: snakeCase } = owner
  const answered = functionResponse ?? snakeCase
  const response = isObject(answered) ? (answered['id'] ?? answered['name']) : undefined
  const legacy = role === 'function' ? name : undefined
  const called = isResult(type) ? owner['call_id'] : undefined
  return texts([
    owner['tool_call_id'],
    owner['tool_use_id'],
    owner['approval_request_id'],
    called,
    response,
    legacy,
  ])
}

const isResult = (type: unknown): boolean => typeof type === 'string' && type.endsWith('_output')

const texts = (values: readonly unknown[]): string[] => values.filter((value) => typeof value === 'string')

function wordsOf(item: JsonObject, parts: readonly JsonObject[]): string | null {
  if (!hasOnly(item, messageMembers)) return null
  if (typeof item['content'] === 'string') return item['content']
  const list = item['content'] ?? item['parts']
  if (!Array.isArray(list) || list.length === 0 || list.length !== parts.length) return null
  return parts.every(isWords) ? parts.map(({ text }) => text).join('\n') : null
}
