/** A code block that shows what not to do, as offsets in the text. */
export interface Range {
  readonly start: number
  readonly end: number
}

const warningWords =
  /\b(?:never|do not|don't|avoid|dangerous|malicious|attack(?:er)?s?|unsafe|vulnerab\w{1,10}|insecure|bad example|anti-?pattern|detect|flag(?:ged|s)?|reject|block(?:ed|s)?|suspicious|red flags?|what not to)\b/i
const linesBefore = 4

/** Fenced blocks whose heading or lines in front say that they are examples of what to avoid or look for. */
export function findDefensiveExamples(text: string): readonly Range[] {
  const ranges: Range[] = []
  const fence = /^[ \t]{0,8}(```+|~~~+)[^\n]*$/gm
  let opening = fence.exec(text)
  while (opening !== null) {
    const mark = opening[1] ?? '```'
    const close = findClose(fence, text, mark)
    const end = close ?? text.length
    if (isAnnounced(text, opening.index)) ranges.push({ start: opening.index, end })
    if (close === null) break
    opening = fence.exec(text)
  }
  return ranges
}

function findClose(fence: RegExp, text: string, mark: string): number | null {
  for (let found = fence.exec(text); found !== null; found = fence.exec(text)) {
    if (found[1]?.startsWith(mark) === true) return found.index
  }
  return null
}

function isAnnounced(text: string, at: number): boolean {
  let start = at
  for (let line = 0; line <= linesBefore && start > 0; line += 1) start = text.lastIndexOf('\n', start - 1)
  return warningWords.test(text.slice(Math.max(0, start), at))
}
