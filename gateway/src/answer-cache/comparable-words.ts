/** Numbers with what they are made of, words, and signs one by one. */
const token = /\p{N}[\p{N}\p{L}\p{M}.,:/-]*|\p{L}[\p{L}\p{M}\p{N}]*|[^\s\p{L}\p{N}\p{M}]/gu
/** What ends and divides sentences; other signs make a difference (`C++` and `C#`). */
const punctuation: ReadonlySet<string> = new Set('.,;:!?¿¡…"\'’‘“”„«»'.split(''))
/** Words that are said for their sound. */
const fillers: ReadonlySet<string> = new Set('a an the please kindly thanks me just really'.split(' '))
const greeting = /^(?:(?:hi|hello|hey|please|kindly)\b[\s,!.]*|(?:can|could|would|will) you\s+)+/
const means = /\bhow (?:do|can|could|would) (?=(?:i|we|you|one)\b)/g
const contraction = /\b(what|who|where|when|how|that|it|there)['’]s\b/g

/**
 * The words and signs of a question that an answer depends on, in order: without politeness, articles and punctuation at the end of
 * words. Two questions whose lists differ may have different answers, however alike they sound.
 */
export function comparableWords(text: string): readonly string[] {
  const plain = text
    .toLowerCase()
    .trim()
    .replace(greeting, '')
    .replace(means, 'how ')
    .replace(contraction, '$1 is')
  const tokens = plain.match(token) ?? []
  return tokens
    .map((word) => (/^\p{N}/u.test(word) ? word.replace(/[.,:/-]+$/, '') : word))
    .filter((word) => !punctuation.has(word) && !fillers.has(word))
}
