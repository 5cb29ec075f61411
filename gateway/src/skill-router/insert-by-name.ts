import { compareNames } from '@routeiq/router'

interface Named {
  readonly name: string
}

/**
 * Puts skills among others, in place, both in the order of names; of equal names the new ones come last. Places are
 * looked for from the end, because catalogues are read nearly in this order.
 */
export function insertByName<Skill extends Named>(skills: Skill[], added: readonly Skill[]): void {
  let end = skills.length
  for (const skill of added) skills.push(skill)
  for (let ahead = added.length - 1; ahead >= 0; ahead -= 1) {
    const skill = added[ahead] as Skill
    const place = findPlace(skills, end, skill)
    for (let at = end - 1; at >= place; at -= 1) skills[at + ahead + 1] = skills[at] as Skill
    skills[place + ahead] = skill
    end = place
  }
}

/** Behind how many of the first `end` skills a name belongs. */
function findPlace(skills: readonly Named[], end: number, skill: Named): number {
  if (end === 0 || compareNames(skills[end - 1] as Named, skill) <= 0) return end
  let low = 0
  let high = end - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareNames(skills[middle] as Named, skill) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
