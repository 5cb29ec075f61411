import { digestContent } from '../tree-digest.ts'

const maxName = 64
const maxStem = 57
const reserved = new Set(['install', 'search', 'check', 'decimalai-skills'])
/** What YAML reads as something else than text. */
const notText = /^(?:yes|no|on|off|true|false|null|y|n)$|^[0-9-]+$|^0[xob]/

/** The folders a skill may be installed in: the first, and the one that is taken where somebody else has it. */
export interface InstallNames {
  readonly base: string
  readonly disambiguated: string
}

/** Names of folders made of a skill's name: lower-case ASCII letters, digits and hyphens. */
export function installNamesOf(name: string, skillId: string): InstallNames {
  const projected = project(name)
  const stem = (projected || 'skill').slice(0, maxStem).replace(/-+$/, '')
  const disambiguated = `${stem}-${digestContent(skillId).slice(0, 6)}`
  return { base: isTelling(name, projected) ? projected : disambiguated, disambiguated }
}

/**
 * The folder for a skill in a project. `taken` maps folders to the ids of their skills, null for somebody else's; a
 * skill keeps the folder it has. Null when both of its names are taken.
 */
export function chooseInstallName(
  { base, disambiguated }: InstallNames,
  skillId: string,
  taken: ReadonlyMap<string, string | null>,
): string | null {
  for (const [folder, owner] of taken) if (owner === skillId) return folder
  const folders = new Set([...taken.keys()].map((folder) => folder.toLowerCase()))
  return [base, disambiguated].find((name) => !folders.has(name)) ?? null
}

const withoutMarks = (name: string): string => name.normalize('NFKD').replace(/\p{Mn}/gu, '')

const project = (name: string): string =>
  withoutMarks(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/** Whether the projected name still says which skill it is. */
function isTelling(name: string, projected: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is not ASCII
  if (/[^\x00-\x7f]/.test(withoutMarks(name))) return false
  if (projected === '' || projected.length > maxName || reserved.has(projected)) return false
  if (name.includes('/') && projected === project(name.slice(0, name.indexOf('/')))) return false
  return !notText.test(projected)
}
