import type { CheckName, Severity } from './finding.ts'

export interface TextFinding {
  readonly check: CheckName
  readonly severity: Severity
  readonly message: string
  readonly offset: number
  readonly evidence: string
}

const suspects =
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]|\u034f/gu
/** How many such characters an honest text may hold without being looked at. */
const tolerated = 2

/** Characters that people do not see and models read. */
export function scanInvisible(text: string): readonly TextFinding[] {
  const found = new Map<string, { offset: number; count: number }>()
  for (const match of text.matchAll(suspects)) {
    const kind = kindOf(text, match.index, match[0])
    if (kind === null) continue
    const seen = found.get(kind)
    if (seen === undefined) found.set(kind, { offset: match.index, count: 1 })
    else seen.count += 1
  }
  return [...found].map(([kind, { offset, count }]) => ({
    check: 'hidden_text' as const,
    severity: severityOf(kind, count),
    message: `The text holds ${count} invisible ${kind} characters.`,
    offset,
    evidence: `U+${(text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  }))
}

function severityOf(kind: string, count: number): Severity {
  if (kind === 'tag' || kind === 'bidirectional') return 'critical'
  return count > tolerated ? 'warning' : 'info'
}

function kindOf(text: string, index: number, character: string): string | null {
  const code = character.codePointAt(0) ?? 0
  // Flags of regions are a black flag and tags.
  if (code >= 0xe0000) return text.slice(Math.max(0, index - 16), index).includes('\u{1f3f4}') ? null : 'tag'
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 'bidirectional'
  if (code === 0xfeff && index === 0) return null
  // Joiners belong to emoji and to many scripts; between Latin letters they hide something.
  const isJoiner = code === 0x200c || code === 0x200d
  if (isJoiner && !/[A-Za-z]/.test(text[index - 1] ?? '')) return null
  return 'zero-width'
}

const instructions =
  /\b(?:ignore|disregard|instructions?|system|assistant|must|execute|run|curl|send|secret|do not tell|password|token|always|never)\b/i

/** HTML comments are not shown where Markdown is, and are read by models. */
export function scanComments(text: string): readonly TextFinding[] {
  const findings: TextFinding[] = []
  let start = text.indexOf('<!--')
  while (start !== -1) {
    const end = text.indexOf('-->', start)
    const comment = text.slice(start + 4, end === -1 ? text.length : end)
    const words = comment.trim().split(/\s+/).length
    if (words >= 4 && instructions.test(comment)) {
      findings.push({
        check: 'hidden_text',
        severity: 'warning',
        message: 'A comment that readers do not see speaks to the model.',
        offset: start,
        evidence: comment,
      })
    }
    if (end === -1) break
    start = text.indexOf('<!--', end)
  }
  return findings
}

/** Names that mix scripts look like other names. */
export function hasMixedScripts(name: string): boolean {
  const scripts = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]
  return scripts.filter((script) => script.test(name)).length > 1
}

/** Each alternative begins where its run does, so that no run is tried from within. */
const encoded =
  /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{400,}={0,2}|(?<!\\x[0-9a-fA-F]{2})(?:\\x[0-9a-fA-F]{2}){60,}/g

/** Long encoded blobs, in which anything may be. */
export function scanBlobs(text: string): readonly TextFinding[] {
  const findings: TextFinding[] = []
  for (const match of text.matchAll(encoded)) {
    const before = text.slice(Math.max(0, match.index - 40), match.index)
    const isImage = /data:(?:image|font)\/[\w.+-]{1,20};base64,$/.test(before)
    if (!isImage && new Set(match[0].slice(0, 400)).size < 8) continue
    findings.push({
      check: 'opaque_blob',
      severity: isImage ? 'info' : 'warning',
      message: `${match[0].length} characters of encoded data; keep data in a file that can be looked at.`,
      offset: match.index,
      evidence: match[0].slice(0, 24),
    })
  }
  return findings
}
