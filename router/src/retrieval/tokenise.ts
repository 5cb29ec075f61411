const word = /[\p{L}\p{N}\p{M}]+/gu
const caseBoundary = /(\p{Ll}|\p{N})(\p{Lu})/gu

/** The words of a text, lower case, names in camelCase and snake_case taken apart. */
export function tokenise(text: string): string[] {
  return text.normalize('NFKC').replace(caseBoundary, '$1 $2').toLowerCase().match(word) ?? []
}
