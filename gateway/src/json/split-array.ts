/** A JSON string, or one character that begins, ends or separates values. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},]/g

/** The texts of the items of a JSON array, as they are written; null for what is no array. */
export function splitArray(text: string): readonly string[] | null {
  const array = text.trim()
  if (!array.startsWith('[') || !array.endsWith(']')) return null
  const items: string[] = []
  let depth = 0
  let start = 1
  for (const { 0: found, index } of array.matchAll(token)) {
    if (found === '[' || found === '{') depth += 1
    else if (found === ']' || found === '}') depth -= 1
    const isEnd = depth === 0 || (depth === 1 && found === ',')
    if (!isEnd) continue
    items.push(array.slice(start, index).trim())
    start = index + 1
  }
  return items.length === 1 && items[0] === '' ? [] : items
}
