const maxNames = 20
const maxLength = 64

/**
 * Members that were dropped, as one line for a header and the log: each once, in order, and not more than a head
 * line can hold, whatever a client called them. Null when there are none.
 */
export function describeDropped(names: readonly string[]): string | null {
  if (names.length === 0) return null
  const unique = [...new Set(names)]
  return unique
    .slice(0, maxNames)
    .map((name) => name.slice(0, maxLength))
    .join(',')
}
