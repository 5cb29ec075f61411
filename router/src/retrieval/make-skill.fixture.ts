import type { SkillDocument } from './skill-document.ts'

/** A skill with nothing but a name, and what the test says. */
export function makeSkill(id: string, overrides: Partial<SkillDocument> = {}): SkillDocument {
  const empty = { description: '', triggerPhrases: [], tags: [], category: null, body: '', feedback: [] }
  return { id, name: id, ...empty, ...overrides }
}

/** Numbers from 0 to below 1 that look random and are the same in every run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Skills of words drawn from a vocabulary in which few words are common and many rare. */
export function makeRandomSkills(count: number, random: () => number): SkillDocument[] {
  const word = (): string => `w${Math.floor(200 * random() ** 3)}`
  const words = (most: number): string =>
    Array.from({ length: 1 + Math.floor(most * random()) }, word).join(' ')
  return Array.from({ length: count }, (_, index) =>
    makeSkill(`skill-${index}`, {
      name: words(3),
      description: words(12),
      tags: [words(1)],
      body: words(60),
      feedback: random() < 0.3 ? [words(8), words(8)] : [],
    }),
  )
}
