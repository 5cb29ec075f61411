/** What JSON can say and PostgreSQL's text cannot: the NUL character, and half a surrogate pair. */
const unstorable = /\\u(?:0000|d[89a-f])/

/** Rows as one JSON parameter. Characters the database has no place for are removed. */
export function jsonParameter(rows: readonly object[]): string {
  const text = JSON.stringify(rows)
  return unstorable.test(text) ? JSON.stringify(rows, clean) : text
}

function clean(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [cleanText(key), member]))
}

function cleanText(text: string): string {
  return text.replaceAll('\0', '').replace(/[\uD800-\uDFFF]/gu, '\uFFFD')
}
