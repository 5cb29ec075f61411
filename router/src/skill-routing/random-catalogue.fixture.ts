import { compareNames, type MenuEntry, toMenuEntry } from './menu-entry.ts'
import type { RankedCandidate } from './rank-candidates.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'

/** A generator for every text; a small mixing hash (MurmurHash3's finaliser) stands in for the SHA-256 of ids. */
export function seedOf(text: string): SeededRandom {
  const view = new DataView(new ArrayBuffer(16))
  for (let word = 0; word < 4; word += 1) {
    let hash = 0x9e3779b9 * (word + 1)
    for (const character of text) hash = mix(hash ^ (character.codePointAt(0) ?? 0))
    view.setUint32(word * 4, mix(hash) >>> 0)
  }
  return createSeededRandom(new Uint8Array(view.buffer))
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

const alphabet = [...'abcXYZ09-_/.|\\ \n\t\u200b\u202e\u0007é語😀`*#%']

/** Text with everything in it that could break a table. */
function randomText(random: SeededRandom, longest: number): string {
  const length = Math.floor(random.next() ** 2 * longest)
  return Array.from({ length }, () => alphabet[Math.floor(random.next() * alphabet.length)]).join('')
}

/** Up to `most` skills with unpleasant names and descriptions, in the order of names. */
export function randomEntries(random: SeededRandom, most: number): MenuEntry[] {
  const count = Math.floor(random.next() * (most + 1))
  const made = Array.from({ length: count }, (_, index) =>
    toMenuEntry({
      skillId: `id-${index}`,
      name: `${randomText(random, 30)}s${index}`,
      description: randomText(random, 700),
    }),
  )
  return made.sort(compareNames)
}

/** Some of the entries as retrieval might have ranked them. */
export function randomRanking(
  random: SeededRandom,
  entries: readonly MenuEntry[],
): RankedCandidate<MenuEntry>[] {
  const found = entries.filter(() => random.next() < 0.5)
  const ranked = found.map((skill) => {
    const fused = random.next()
    const relevance = random.next()
    const judged = Math.floor(random.next() * 20)
    const evidence = { lists: {}, factor: 1, bonus: 0, judged, offers30d: Math.floor(random.next() * 50) }
    return { skill, fused, relevance, score: relevance, final: fused, ...evidence }
  })
  return ranked.sort((a, b) => b.final - a.final)
}
