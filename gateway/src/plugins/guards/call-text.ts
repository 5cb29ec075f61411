/** Where the words of a conversation stand, in every dialect. */
const conversation = ['messages', 'input', 'contents', 'prompt', 'query', 'documents', 'texts']
const directions = ['system', 'instructions', 'systemInstruction', 'system_instruction']
const answers = ['choices', 'content', 'output', 'candidates']
/** Names and places, which nobody reads as text. */
const notText = new Set([
  ...['id', 'type', 'role', 'name', 'model', 'url', 'image_url', 'data', 'file_id', 'file_data', 'fileUri'],
  ...['tool_call_id', 'call_id', 'tool_use_id', 'media_type', 'mimeType', 'format', 'detail', 'status'],
  ...['signature', 'thoughtSignature', 'encrypted_content'],
])
/** What a model has thought is signed and goes back as it came. */
const untouched = new Set(['thinking', 'redacted_thinking', 'reasoning'])
const ofUsers = new Set(['user', 'tool', 'function'])

/** Texts that a model only measures or judges may be about anything. */
const measured = new Set(['embedding', 'rerank', 'moderation'])

/** Whether nothing is written or drawn in an operation. */
export function onlyMeasures(operation: string): boolean {
  return measured.has(operation)
}

type Body = Readonly<Record<string, unknown>>

/** The members of a body that hold text, each text changed; those in which nothing changed are left out. */
export function mapTexts(body: Body, change: (text: string) => string): Record<string, unknown> {
  const changed: Record<string, unknown> = {}
  for (const name of [...conversation, ...directions]) {
    if (body[name] === undefined) continue
    const mapped = mapValue(body[name], change)
    if (mapped !== body[name]) changed[name] = mapped
  }
  return changed
}

/** The texts that users and tools have written: directions of the application and answers of models are left out. */
export function listUserTexts(body: Body): readonly string[] {
  const texts: string[] = []
  const collect = (text: string): string => {
    texts.push(text)
    return text
  }
  for (const name of conversation) {
    const value = body[name]
    const items = Array.isArray(value) ? value : [value]
    for (const item of items) if (isOfUser(item)) mapValue(item, collect)
  }
  return texts
}

/** The members of a body in which texts of users and tools are changed; those in which nothing changed are left out. */
export function mapUserTexts(body: Body, change: (text: string) => string): Record<string, unknown> {
  const mapItem = (item: unknown): unknown => (isOfUser(item) ? mapValue(item, change) : item)
  const changed: Record<string, unknown> = {}
  for (const name of conversation) {
    const value = body[name]
    const mapped = Array.isArray(value) ? mapList(value, mapItem) : mapItem(value)
    if (mapped !== value) changed[name] = mapped
  }
  return changed
}

/** The texts of an answer, in every dialect. */
export function listAnswerTexts(body: Body): readonly string[] {
  const texts: string[] = []
  for (const name of answers)
    mapValue(body[name], (text) => {
      texts.push(text)
      return text
    })
  return texts
}

function isOfUser(item: unknown): boolean {
  if (!isRecord(item)) return true
  const { role, type } = item
  if (type === 'function_call') return false
  return role === undefined || (typeof role === 'string' && ofUsers.has(role))
}

/** The same value where nothing in it changed. */
function mapValue(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return mapList(value, (item) => mapValue(item, change))
  if (!isRecord(value) || untouched.has(String(value['type']))) return value
  const entries = Object.entries(value).map(
    ([name, member]) => [name, mapMember(value, name, member, change)] as const,
  )
  return entries.some(([name, member]) => value[name] !== member) ? Object.fromEntries(entries) : value
}

/** The same list where nothing in it changed. */
function mapList(list: readonly unknown[], map: (item: unknown) => unknown): readonly unknown[] {
  const mapped = list.map(map)
  return mapped.some((item, at) => item !== list[at]) ? mapped : list
}

function mapMember(
  owner: Readonly<Record<string, unknown>>,
  name: string,
  member: unknown,
  change: (text: string) => string,
): unknown {
  // Documents of Messages have their text where others have bytes.
  if (notText.has(name))
    return name === 'data' && owner['type'] === 'text' ? mapValue(member, change) : member
  return name === 'arguments' && typeof member === 'string'
    ? mapArguments(member, change)
    : mapValue(member, change)
}

/** Arguments of a tool stay JSON: a number in them that looks like a card is none of its texts. */
function mapArguments(text: string, change: (text: string) => string): string {
  try {
    const given: unknown = JSON.parse(text)
    const mapped = mapValue(given, change)
    return mapped === given ? text : JSON.stringify(mapped)
  } catch {
    return change(text)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
