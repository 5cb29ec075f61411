/**
 * Matches a name against a pattern whose `*` each stand for one or more characters, textually and in linear time.
 * Returns what every `*` stood for, left to right, or null. All but the last `*` take as little as they can.
 */
export function matchPattern(pattern: string, name: string): readonly string[] | null {
  const literals = pattern.split('*')
  const first = literals[0] ?? ''
  if (literals.length === 1) return name === pattern ? [] : null
  if (!name.startsWith(first)) return null
  const captures: string[] = []
  let position = first.length
  for (let index = 1; index < literals.length - 1; index++) {
    const literal = literals[index] ?? ''
    const found = name.indexOf(literal, position + 1)
    if (found === -1) return null
    captures.push(name.slice(position, found))
    position = found + literal.length
  }
  const last = literals.at(-1) ?? ''
  const end = name.length - last.length
  if (end <= position || !name.endsWith(last)) return null
  captures.push(name.slice(position, end))
  return captures
}

/** Puts the captures in place of the `*` of a model id, left to right; captures left over are ignored. */
export function substituteCaptures(model: string, captures: readonly string[]): string {
  const literals = model.split('*')
  let result = literals[0] ?? ''
  for (let index = 1; index < literals.length; index++)
    result += (captures[index - 1] ?? '') + (literals[index] ?? '')
  return result
}

/**
 * Orders patterns most specific first: longest literal prefix, then longest literal total. Equal ones keep the
 * order they have.
 */
export function comparePatterns(left: string, right: string): number {
  const prefix = right.indexOf('*') - left.indexOf('*')
  return prefix !== 0 ? prefix : literalLength(right) - literalLength(left)
}

function literalLength(pattern: string): number {
  return pattern.replaceAll('*', '').length
}
