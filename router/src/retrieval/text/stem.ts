const vowel = /[aeiouy]/

/**
 * Takes the endings of English inflection off: plurals, `-ing`, `-ed`. It never changes what a word means,
 * unlike a full Porter stemmer, and leaves words of other alphabets and short ones alone.
 * After the S-stemmer (Harman 1991) and step 1 of Porter (1980).
 */
export function stem(word: string): string {
  if (word.length < 4) return word
  const singular = withoutPlural(word)
  for (const ending of ['ing', 'ed']) {
    if (!singular.endsWith(ending)) continue
    const root = singular.slice(0, -ending.length)
    return root.length > 2 && vowel.test(root) ? mendRoot(root) : singular
  }
  return withoutSilentE(singular)
}

function withoutPlural(word: string): string {
  if (!word.endsWith('s') || word.endsWith('ss') || word.endsWith('us') || word.endsWith('is')) return word
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`
  if (/(?:sses|shes|ches|xes|zes)$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}

/** `planned` and `planning` to `plan`, `creating` and `create` to `creat`. */
function mendRoot(root: string): string {
  const last = root.at(-1) ?? ''
  const doubled = root.length > 3 && last === root.at(-2) && !'lsz'.includes(last) && !vowel.test(last)
  return doubled ? root.slice(0, -1) : withoutSilentE(root)
}

const withoutSilentE = (word: string): string =>
  word.length > 4 && word.endsWith('e') && !word.endsWith('ee') ? word.slice(0, -1) : word
