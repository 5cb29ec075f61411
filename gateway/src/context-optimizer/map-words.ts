import { isObject, isWords, type JsonObject, type Turn } from './turn.ts'

type Change = (text: string) => string

/**
 * An item with its words changed: `prose` of those who write, `data` of tools. The same item where nothing changed. What is not
 * plain words (images, signed thoughts, calls) stays as it is.
 */
export function mapWords(
  { item, role }: Pick<Turn, 'item' | 'role'>,
  prose: Change,
  data: Change,
): JsonObject {
  const change = role === 'tool' ? data : prose
  const changed = new Map<string, unknown>()
  for (const name of ['content', 'parts', 'output']) {
    const value = item[name]
    const mapped = mapContent(value, name === 'output' ? data : change, data)
    if (mapped !== value) changed.set(name, mapped)
  }
  return changed.size === 0 ? item : { ...item, ...Object.fromEntries(changed) }
}

function mapContent(value: unknown, change: Change, data: Change): unknown {
  if (typeof value === 'string') return change(value)
  if (!Array.isArray(value)) return value
  const mapped = value.map((part: unknown) => (isObject(part) ? mapPart(part, change, data) : part))
  return mapped.some((part, index) => part !== value[index]) ? mapped : value
}

function mapPart(part: JsonObject, change: Change, data: Change): JsonObject {
  if (isWords(part)) {
    const text = change(part.text)
    return text === part.text ? part : { ...part, text }
  }
  if (part['type'] !== 'tool_result') return part
  const content = mapContent(part['content'], data, data)
  return content === part['content'] ? part : { ...part, content }
}
