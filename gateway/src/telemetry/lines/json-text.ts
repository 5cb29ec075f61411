const unsafe = /["\\\p{Cc}\u2028\u2029]/u
const lineBreaking = /[\u007f-\u009f\u2028\u2029]/g

/** A JSON string literal that also holds no character a terminal or log reader could take for a line end. */
export function quoteJson(text: string): string {
  return unsafe.test(text) ? JSON.stringify(text).replace(lineBreaking, escapeCharacter) : `"${text}"`
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
