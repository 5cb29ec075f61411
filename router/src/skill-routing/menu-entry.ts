import { cleanDescription, cleanText } from './table-cell.ts'

/** What a menu shows of one skill, both texts clean. */
export interface MenuEntry {
  readonly skillId: string
  readonly name: string
  readonly description: string
}

/** Takes a skill as it was written. */
export function toMenuEntry(skill: { skillId: string; name: string; description: string }): MenuEntry {
  return {
    skillId: skill.skillId,
    name: cleanText(skill.name),
    description: cleanDescription(skill.description),
  }
}

/** The order of menus: by the bytes of the name in UTF-8, which is that of its code points. */
export function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareCodePoints(a.name, b.name)
}

/**
 * The first difference decides. UTF-16 units order as code points do, but that the halves of those beyond 16 bits stand
 * ahead of U+E000; they are moved behind U+FFFF.
 */
function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at += 1) {
    const one = a.charCodeAt(at)
    const other = b.charCodeAt(at)
    if (one !== other) return rank(one) - rank(other)
  }
  return a.length - b.length
}

const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)
