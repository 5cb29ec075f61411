import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CatalogueChanges, CatalogueSkill } from '../skills/catalogue.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import type { HotCatalogue } from './hot-catalogue.ts'

/** Requests wait this long at most for a slice of building. */
const sliceMs = 4
/** How many skills are read at a time to learn from their requests. */
const learnedAtOnce = 200

export type CatalogueSource = Pick<
  SkillStore,
  'readCatalogue' | 'readCatalogueSkills' | 'changesSince' | 'epochsOf' | 'findCandidates'
>

/** Requests a skill was right for. */
export type Feedback = ReadonlyMap<string, readonly string[]>

/**
 * Fills an empty catalogue page by page, in slices between which requests are answered, then brings it up to the
 * present. Errors: those of the store.
 */
export async function loadHotCatalogue(
  catalogue: HotCatalogue,
  source: CatalogueSource,
  feedback: Feedback,
): Promise<void> {
  let firstEpoch: number | null = null
  let after: string | null = null
  do {
    const page = await source.readCatalogue(catalogue.workspaceId, after)
    firstEpoch ??= page.epoch
    await putInSlices(catalogue, page.skills, feedback)
    after = page.next
  } while (after !== null)
  const { epoch, changed, removed } = await source.changesSince(catalogue.workspaceId, firstEpoch)
  for (const skillId of removed) catalogue.remove(skillId)
  await putInSlices(catalogue, changed, feedback)
  catalogue.commit(epoch)
}

/** Applies changes to a catalogue in use, in one step. */
export function applyChanges(catalogue: HotCatalogue, changes: CatalogueChanges, feedback: Feedback): void {
  for (const skillId of changes.removed) catalogue.remove(skillId)
  for (const skill of changes.changed) catalogue.put(skill, feedback.get(skill.skillId) ?? [])
  catalogue.commit(changes.epoch)
}

/**
 * Lets a catalogue in use learn the requests of these skills, in slices; no other skill is looked at. Errors: those of
 * the store.
 */
export async function learnFeedback(
  catalogue: HotCatalogue,
  source: CatalogueSource,
  feedback: Feedback,
  skillIds: readonly string[],
): Promise<void> {
  for (let at = 0; at < skillIds.length; at += learnedAtOnce) {
    const skills = await readAsHeld(catalogue, source, skillIds.slice(at, at + learnedAtOnce))
    for (const skill of skills) catalogue.learn(skill, feedback.get(skill.skillId) ?? [])
    await nextTurn()
  }
}

/** Reads again what a change has overtaken: an older text must not come behind a newer one. */
async function readAsHeld(
  catalogue: HotCatalogue,
  source: CatalogueSource,
  skillIds: readonly string[],
): Promise<readonly CatalogueSkill[]> {
  for (;;) {
    const { epoch } = catalogue
    const skills = await source.readCatalogueSkills(catalogue.workspaceId, skillIds)
    if (catalogue.epoch === epoch) return skills
  }
}

async function putInSlices(
  catalogue: HotCatalogue,
  skills: readonly CatalogueSkill[],
  feedback: Feedback,
): Promise<void> {
  let sliceEnd = performance.now() + sliceMs
  for (const skill of skills) {
    catalogue.put(skill, feedback.get(skill.skillId) ?? [])
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    sliceEnd = performance.now() + sliceMs
  }
  catalogue.arrange()
}
