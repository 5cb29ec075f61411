/** The text whose characters are the UTF-8 bytes of the given one. */
export function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The same latin1 text in memory of its own: what is cut from a longer one keeps all of that as long as it lives. */
export function detachLatin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** The exact text that spells a `model` member with this value; null when there is none. */
export function findModelMember(data: string, model: string): string | null {
  const value = JSON.stringify(model)
  const spellings = [value, value.replaceAll('/', '\\/')]
  for (let key = data.indexOf('"model"'); key !== -1; key = data.indexOf('"model"', key + 7)) {
    let start = key + 7
    while (data[start] === ' ' || data[start] === ':') start += 1
    const spelling = spellings.find((candidate) => data.startsWith(candidate, start))
    if (spelling !== undefined) return data.slice(key, start + spelling.length)
  }
  return null
}
