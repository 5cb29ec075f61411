import type { ProblemList } from '../validate/problem.ts'
import { RefusedArchive, type TreeFile } from './file-tree.ts'

/** The files of one skill, `SKILL.md` at the root. */
export interface RootedTree {
  /** The directory that was around them, null when there was none. */
  readonly directory: string | null
  readonly skillMd: TreeFile
  readonly files: readonly TreeFile[]
}

/** Finds the skill's directory in what was uploaded: all of it, or the one directory everything is in. */
export function rootTree(files: readonly TreeFile[], problems: ProblemList): RootedTree {
  const directory = files.some(({ path }) => isSkillMd(path)) ? null : commonDirectory(files)
  const prefix = directory === null ? '' : `${directory}/`
  const inside = files.map((file) => ({ ...file, path: file.path.slice(prefix.length) }))
  const skillMd = inside.find(({ path }) => isSkillMd(path))
  if (skillMd === undefined)
    throw new RefusedArchive(
      'SKILL.md',
      'skill-md-missing',
      `there is no SKILL.md at the root of ${directory ?? 'the upload'}`,
    )
  if (skillMd.path !== 'SKILL.md')
    problems.tolerate(skillMd.path, null, 'skill-md-case', 'call the file SKILL.md, in capitals')
  return {
    directory,
    skillMd: { ...skillMd, path: 'SKILL.md' },
    files: inside.filter((file) => file !== skillMd),
  }
}

const isSkillMd = (path: string): boolean => path.toLowerCase() === 'skill.md'

function commonDirectory(files: readonly TreeFile[]): string {
  const [first] = files
  const slash = first?.path.indexOf('/') ?? -1
  const directory = slash === -1 ? null : (first?.path.slice(0, slash) ?? null)
  if (first === undefined)
    throw new RefusedArchive('SKILL.md', 'skill-md-missing', 'the upload holds no files')
  if (directory === null || !files.every(({ path }) => path.startsWith(`${directory}/`)))
    throw new RefusedArchive(
      first.path,
      'layout',
      'put all files into one directory with SKILL.md at its root',
    )
  return directory
}
