import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from './write-folder.ts'

const stateFolder = '.routeiq'
/** Where earlier tools kept the same documents; read when ours is not there. */
const olderStateFolder = '.decimal'

/** Who synchronises: one checkout, not one person. It names no machine and is not committed. */
export interface Install {
  readonly install_id: string
  readonly install_label?: string
  readonly created_at: string
}

export interface LockEntry {
  readonly version: number
  /** SHA-256 of the file `SKILL.md`. */
  readonly content_hash: string
  /** SHA-256 of its trimmed body. */
  readonly body_hash: string
  readonly source: string
  readonly skill_id: string
  readonly installed_at: string
  readonly agents: readonly string[]
  readonly scope: 'project' | 'global'
}

export interface SkillsLock {
  readonly version: 1
  readonly skills: Readonly<Record<string, LockEntry>>
  readonly updated_at: string
}

/** This checkout's identity; made and kept on first use. */
export async function readInstall(directory: string): Promise<Install> {
  const known = readState(directory, 'install.json') as Partial<Install> | null
  if (typeof known?.install_id === 'string') return known as Install
  const install: Install = { install_id: randomUUID(), created_at: new Date().toISOString() }
  await writeState(directory, 'install.json', install)
  return install
}

/** What was written to disk here; null when there is no lock, or one of another format. */
export function readLock(directory: string): SkillsLock | null {
  const lock = readState(directory, 'skills.lock') as Partial<SkillsLock> | null
  return lock?.version === 1 && typeof lock.skills === 'object' ? (lock as SkillsLock) : null
}

/** Adds entries, or replaces those of the same name. */
export async function extendLock(
  directory: string,
  entries: Readonly<Record<string, LockEntry>>,
): Promise<void> {
  const skills = { ...readLock(directory)?.skills, ...entries }
  const sorted = Object.fromEntries(Object.entries(skills).sort(([one], [other]) => (one < other ? -1 : 1)))
  await writeState(directory, 'skills.lock', {
    version: 1,
    skills: sorted,
    updated_at: new Date().toISOString(),
  })
}

function readState(directory: string, name: string): object | null {
  for (const folder of [stateFolder, olderStateFolder]) {
    try {
      const value: unknown = JSON.parse(readFileSync(join(directory, folder, name), 'utf8'))
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // Missing, or written by something else: as good as none.
    }
  }
  return null
}

async function writeState(directory: string, name: string, value: object): Promise<void> {
  const folder = join(directory, stateFolder)
  // A gateway may keep its data in the same folder: of all that, only the lock belongs into version control.
  const ignore = join(folder, '.gitignore')
  if (!existsSync(ignore)) await replaceFile(ignore, '*\n!.gitignore\n!skills.lock\n')
  await replaceFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
}
