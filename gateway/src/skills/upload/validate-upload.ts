import { RefusedArchive, type TreeFile } from '../archive/file-tree.ts'
import { type RootedTree, rootTree } from '../archive/root-tree.ts'
import { digestContent, digestTree } from '../tree-digest.ts'
import { type Problem, ProblemList } from '../validate/problem.ts'
import { type SkillMd, validateSkillMd } from '../validate/validate-skill-md.ts'
import { isText } from '../write/compose-version.ts'

/** A skill as it was uploaded, with everything that is wrong with it. */
export interface ValidatedUpload {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Null when it cannot be used. */
  readonly skill: UploadedSkill | null
}

export interface UploadedSkill extends SkillMd {
  readonly skillText: string
  /** Beside `SKILL.md`. */
  readonly files: readonly TreeFile[]
  readonly treeDigest: string
}

/** Holds a tree of files against the open format, strictly or leniently. Never throws for what is wrong with it. */
export function validateUpload(files: readonly TreeFile[], isStrict: boolean): ValidatedUpload {
  const problems = new ProblemList(isStrict)
  const skill = attempt(files, problems)
  const { errors, warnings } = problems
  return { errors, warnings, skill: errors.length === 0 ? skill : null }
}

function attempt(files: readonly TreeFile[], problems: ProblemList): UploadedSkill | null {
  let rooted: RootedTree
  try {
    rooted = rootTree(files, problems)
  } catch (error) {
    if (!(error instanceof RefusedArchive)) throw error
    problems.error(error.path, null, error.rule, error.message)
    return null
  }
  if (!isText(rooted.skillMd.content)) {
    problems.error('SKILL.md', null, 'encoding', 'SKILL.md is not valid UTF-8 text')
    return null
  }
  const skillText = Buffer.from(rooted.skillMd.content).toString('utf8')
  const skillMd = validateSkillMd(skillText, rooted.directory, problems)
  if (skillMd === null) return null
  const entries = [rooted.skillMd, ...rooted.files].map(({ path, content }) => ({
    path,
    digest: digestContent(content),
    sizeBytes: content.byteLength,
  }))
  return { ...skillMd, skillText, files: rooted.files, treeDigest: digestTree(entries) }
}
