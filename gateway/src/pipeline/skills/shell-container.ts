import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { OwnSkill } from './container-source.ts'
import { ListedSkills } from './listed-skills.ts'
import { replaceShellSkills, type ShellSkill } from './read-shell-skills.ts'

export interface ShellEntry {
  readonly skill: ShellSkill
  /** Of a reference to the store; null for what is the vendor's or comes with the request. */
  readonly own: OwnSkill | null
}

/** The skills of the container that a shell tool of Responses runs in, whichever model answers. */
export class ShellContainer {
  readonly workspaceId: string
  readonly entries: readonly ShellEntry[]
  readonly listed: ListedSkills

  /** `beginAsWished` gives the skills the request gets beside those in the container. */
  constructor(
    workspaceId: string,
    entries: readonly ShellEntry[],
    beginAsWished: () => Promise<SkillTurn | null>,
  ) {
    this.workspaceId = workspaceId
    this.entries = entries
    this.listed = new ListedSkills(
      entries.flatMap(({ own }) => own ?? []),
      beginAsWished,
    )
  }

  get own(): readonly OwnSkill[] {
    return this.listed.own
  }

  /** References to what the vendor keeps, and nobody else. */
  get foreign(): readonly string[] {
    return this.entries.flatMap(({ skill, own }) =>
      own === null && skill.type === 'skill_reference' ? skill.id : [],
    )
  }

  /** What comes with the request: zips in base64. */
  get inline(): readonly { readonly name: string; readonly data: string }[] {
    return this.entries.flatMap(({ skill }) => (skill.type === 'inline' ? skill : []))
  }

  /** The tools for the vendor: its own skills as they came, ours as the zips in `packed`. */
  formatTools(tools: unknown, packed: ReadonlyMap<OwnSkill, string>): readonly unknown[] {
    const byValue = new Map<unknown, OwnSkill | null>(
      this.entries.map(({ skill, own }) => [skill.value, own]),
    )
    return replaceShellSkills(tools, (value) => {
      const own = byValue.get(value) ?? null
      if (own === null) return value
      const { name, description } = own
      const source = { type: 'base64', media_type: 'application/zip', data: packed.get(own) }
      return { type: 'inline', name, description, source }
    })
  }
}
