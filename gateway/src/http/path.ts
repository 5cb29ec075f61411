/**
 * Splits a request target into decoded path segments, or null when no route may match it: dot segments, empty
 * segments, NUL and control bytes and malformed escapes are refused here, before routing and before any policy
 * sees the path, so that no spelling can dodge a rule. Each segment is percent-decoded exactly once.
 */
export function splitPath(target: string): readonly string[] | null {
  const queryStart = target.indexOf('?')
  let path = queryStart === -1 ? target : target.slice(0, queryStart)
  if (!path.startsWith('/')) return null
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1)
  const segments: string[] = []
  for (const raw of path.slice(1).split('/')) {
    const segment = decodeSegment(raw)
    if (segment === null) return null
    segments.push(segment)
  }
  return segments
}

function decodeSegment(raw: string): string | null {
  let segment = raw
  if (raw.includes('%')) {
    try {
      segment = decodeURIComponent(raw)
    } catch {
      return null
    }
  }
  if (segment === '.' || segment === '..' || hasControlCharacter(segment)) return null
  // A decoded separator must not smuggle a dot segment past the check above.
  if (segment.includes('/') && segment.split('/').some((part) => part === '.' || part === '..')) return null
  return segment
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/** The query string without `?`, empty when there is none. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1))
}
