const breaking = /[\p{Cc}\u2028\u2029]/u
const breakingAll = new RegExp(breaking, 'gu')

/** Text for a line-oriented sink: control characters and line separators become visible escapes. */
export function toSingleLine(text: string): string {
  return breaking.test(text) ? text.replace(breakingAll, escapeCharacter) : text
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
