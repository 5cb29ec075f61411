/**
 * Server-sent events as text that is cut at blank lines and otherwise left as it came (WHATWG HTML, "Interpreting
 * an event stream"). Lines end in LF, CRLF or CR, none of which can stand unescaped inside JSON.
 */
const blankLines = ['\n\n', '\n\r\n', '\r\r'] as const
const longestBlankLine = 3

/** Offset just behind the last blank line, 0 when there is none. */
export function endOfLastEvent(text: string): number {
  if (text.endsWith('\n\n') || text.endsWith('\n\r\n')) return text.length
  let last = 0
  for (const blank of blankLines) {
    const found = text.lastIndexOf(blank)
    if (found !== -1) last = Math.max(last, found + blank.length)
  }
  return last
}

/** The end of a text that could be the beginning of a blank line. */
export function tailOf(text: string): string {
  return text.slice(1 - longestBlankLine)
}

export function* splitEvents(events: string): Generator<string> {
  let start = 0
  while (start < events.length) {
    const end = endOfFirstEvent(events, start)
    yield events.slice(start, end)
    start = end
  }
}

function endOfFirstEvent(text: string, start: number): number {
  let first = text.length
  for (const blank of blankLines) {
    const found = text.indexOf(blank, start)
    if (found !== -1) first = Math.min(first, found + blank.length)
  }
  return first
}

export function countEvents(events: string): number {
  let count = 0
  let found = events.indexOf('\n\n')
  while (found !== -1) {
    count += 1
    found = found + 2 === events.length ? -1 : events.indexOf('\n\n', found + 2)
  }
  return count === 0 ? [...splitEvents(events)].length : count
}

/** The data of one event, its lines joined; null when it has none, like a comment. */
export function dataOf(event: string): string | null {
  const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'))
  return lines.length === 0 ? null : lines.map((line) => line.slice(line[5] === ' ' ? 6 : 5)).join('\n')
}

/** Whether an event is `[DONE]`; the same word inside an answer is preceded by other text of its line. */
export function holdsDone(events: string): boolean {
  let found = events.indexOf('[DONE]')
  while (found !== -1) {
    const lineStart = 1 + Math.max(events.lastIndexOf('\n', found), events.lastIndexOf('\r', found))
    const before = events.slice(lineStart, found)
    if (before === 'data: ' || before === 'data:') return true
    found = events.indexOf('[DONE]', found + 1)
  }
  return false
}

/** Whether some member of this name has a value other than null; `needle` is `"name":`. */
export function holdsValue(text: string, needle: string): boolean {
  let found = text.indexOf(needle)
  while (found !== -1) {
    let next = found + needle.length
    while (text[next] === ' ') next += 1
    if (text[next] !== 'n') return true
    found = text.indexOf(needle, next)
  }
  return false
}
