/** A JSON string, or white space outside of one. */
const stringOrSpace = /"[^"\\]*(?:\\.[^"\\]*)*"|\s+/g

/** JSON text without its white space; any other text as it is. Numbers, escapes and the order of members stay as they are written. */
export function minifyJson(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  return text.replace(stringOrSpace, (found) => (found.startsWith('"') ? found : ''))
}

const blankRun = /\n[^\S\n]*\n[^\S\n]*\n/
/** The text of a block scalar, or the ends of a document, in YAML. */
const yaml = /^(?:---|%YAML.*)\s*$|^(?:[ \t]|- )*[\w."'-]+:[ \t]*[|>][+-]?\d?\s*$/m
const fence = /^ {0,3}(`{3,}|~{3,}|"{3}|'{3})/
/** Code, quotations, lists and mappings: what blank lines may belong to. */
const notProse = /^(?:\s|>|- |[\w."'-]+:(?:\s|$))/

/** Makes several blank lines in prose one; code, quotations and YAML stay as they are. */
export function collapseBlankLines(text: string): string {
  if (!blankRun.test(text) || yaml.test(text)) return text
  const kept: string[] = []
  const blanks: string[] = []
  let open: string | null = null
  let isProse = true
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      blanks.push(line)
      continue
    }
    const marker: string | null = fence.exec(line)?.[1] ?? null
    const wasProse = isProse && open === null
    isProse = marker === null && !notProse.test(line)
    for (const blank of wasProse && isProse ? blanks.slice(0, 1) : blanks) kept.push(blank)
    kept.push(line)
    blanks.length = 0
    if (marker !== null) open = nextFence(open, marker, line)
  }
  return [...kept, ...blanks].join('\n')
}

/** The fence that is open behind a line that begins with one. */
function nextFence(open: string | null, marker: string, line: string): string | null {
  if (open !== null) return marker.startsWith(open) ? null : open
  return line.indexOf(marker, line.indexOf(marker) + marker.length) < 0 ? marker : null
}
