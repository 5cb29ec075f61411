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

const surrogate = /[\ud800-\udfff]/

/** UTF-16 units order as UTF-8 bytes do unless a surrogate takes part. */
function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : 1
  const left = Array.from(a)
  const right = Array.from(b)
  const shared = Math.min(left.length, right.length)
  for (let at = 0; at < shared; at += 1) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
