import { setImmediate as nextTurn } from 'node:timers/promises'
import { type HarmCategory, type HarmRule, harmRules } from './harm-rules.ts'

/** So many words are looked at before others get a turn. */
const wordsPerTurn = 20_000
const longestWord = 40
const word = /[\p{L}\p{M}\p{N}@$]+/gu
const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g
const leet: Readonly<Record<string, string>> = {
  ...{ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' },
}

/** Which group of which rule a word belongs to; -1 is `unless`. */
interface Place {
  readonly rule: number
  readonly group: number
}

const places = indexWords(harmRules)

function indexWords(rules: readonly HarmRule[]): ReadonlyMap<string, readonly Place[]> {
  const index = new Map<string, Place[]>()
  const add = (words: string, place: Place): void => {
    for (const one of words.split(' ')) {
      if (one === '') continue
      const known = index.get(one)
      if (known === undefined) index.set(one, [place])
      else known.push(place)
    }
  }
  for (const [at, { groups, unless = '' }] of rules.entries()) {
    for (const [group, words] of groups.entries()) add(words, { rule: at, group })
    add(unless, { rule: at, group: -1 })
  }
  return index
}

/**
 * How much texts speak for each category, from 0 to 1: the weights of the rules that apply, joined as independent signs (1 − Π(1 − weight)). One pass over the
 * words, so that the time grows with the length alone; long texts give way to other work in between.
 */
export async function scoreHarm(texts: readonly string[]): Promise<ReadonlyMap<HarmCategory, number>> {
  const found = new Set<HarmRule>()
  for (const text of texts) {
    const search = new Search(found)
    let count = 0
    for (const [token] of text.replaceAll(invisible, '').matchAll(word)) {
      search.push(token)
      count += 1
      if (count % wordsPerTurn === 0) await nextTurn()
    }
    search.end()
  }
  const innocence = new Map<HarmCategory, number>()
  for (const { category, weight } of found)
    innocence.set(category, (innocence.get(category) ?? 1) * (1 - weight))
  return new Map([...innocence].map(([category, rest]) => [category, 1 - rest]))
}

/** How far one rule has got in a text. */
class Progress {
  /** Where each group was seen last. */
  readonly seen: number[]
  unlessAt = Number.NEGATIVE_INFINITY
  /** Where it applied last, as long as a word behind it may still speak against it. */
  appliedAt: number | null = null

  constructor(groups: number) {
    this.seen = new Array<number>(groups).fill(Number.NEGATIVE_INFINITY)
  }
}

/** One text, word by word. */
class Search {
  readonly #found: Set<HarmRule>
  readonly #progress = new Map<number, Progress>()
  #at = 0

  constructor(found: Set<HarmRule>) {
    this.#found = found
  }

  push(token: string): void {
    this.#at += 1
    if (token.length > longestWord) return
    const plain = normalise(token)
    const known = places.get(plain) ?? (plain.endsWith('s') ? places.get(plain.slice(0, -1)) : undefined)
    for (const place of known ?? []) this.#take(place)
  }

  end(): void {
    for (const [at, { appliedAt }] of this.#progress) if (appliedAt !== null) this.#confirm(at)
  }

  #take({ rule: at, group }: Place): void {
    const rule = harmRules[at]
    if (rule === undefined || this.#found.has(rule)) return
    const progress = this.#progressOf(at, rule)
    const isPast = progress.appliedAt !== null && this.#at - progress.appliedAt > rule.within
    if (isPast) {
      this.#confirm(at)
      return
    }
    if (group === -1) {
      progress.unlessAt = this.#at
      progress.appliedAt = null
      return
    }
    progress.seen[group] = this.#at
    let first = this.#at
    for (const seen of progress.seen) if (seen < first) first = seen
    if (this.#at - first <= rule.within && first - progress.unlessAt > rule.within)
      progress.appliedAt = this.#at
  }

  #progressOf(at: number, { groups }: HarmRule): Progress {
    let progress = this.#progress.get(at)
    if (progress === undefined) {
      progress = new Progress(groups.length)
      this.#progress.set(at, progress)
    }
    return progress
  }

  #confirm(at: number): void {
    const rule = harmRules[at]
    if (rule !== undefined) this.#found.add(rule)
  }
}

/** Lower case without accents and full-width forms; digits among letters are the letters they look like. */
function normalise(token: string): string {
  if (/^[a-z]+$/.test(token)) return token
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, which has nothing to decompose
  const plain = /^[\u0000-\u007f]*$/.test(token) ? token : token.normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const lower = plain.toLowerCase()
  return /[a-z]/.test(lower) && /[0-9@$]/.test(lower)
    ? lower.replaceAll(/[0134579@$]/g, (sign) => leet[sign] ?? sign)
    : lower
}
