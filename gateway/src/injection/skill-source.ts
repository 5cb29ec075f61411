import type { Caller } from '../identity/caller.ts'

/** The body of a skill as a model reads it. */
export interface LoadableSkill {
  readonly name: string
  readonly skillId: string
  readonly versionId: string
  readonly contentHash: string
  readonly body: string
  /** All but its `SKILL.md`. */
  readonly files: readonly SkillFileEntry[]
}

interface SkillFileEntry {
  readonly path: string
  readonly sizeBytes: number
  readonly isText: boolean
}

export interface SkillQuestion {
  readonly workspaceId: string
  readonly caller: Caller
  /** The text of the human's turn; null asks for the menu. */
  readonly query: string | null
  readonly agentName: string | null
  readonly category: string | null
  readonly hintK: number | null
  readonly menuTokens: number | null
  /** Exactly these, by name, slug or id; null for all that are eligible. */
  readonly names: readonly string[] | null
  /** The model that will probably answer, as asked for. */
  readonly model: string
}

/** What the Skill Router decided for one turn. */
export interface SkillDecision {
  readonly routingId: string
  /** Heading and table of the menu, the same for the same catalogue; empty when nothing is eligible. */
  readonly stableMenu: string
  /** The same with rows for the hinted alone, for prompts with little room. */
  readonly hintedMenu: string
  readonly menuInstruction: string
  readonly routingHint: string
  /** Names offered, best first. */
  readonly offered: readonly string[]
  /** Names in the hint. */
  readonly hinted: readonly string[]
  /** Names of the rows of the menu. */
  readonly visible: readonly string[]
  readonly degradedReason: string | null
  /** Names of the question that are no skills the caller may see. */
  readonly missing: readonly string[]
}

/** Versions a request asks for, by the id of the skill. */
export type PinnedVersions = ReadonlyMap<string, string>

/** Where skills come from: the Skill Router, in process. */
export interface SkillSource {
  /** Whether the skills of a workspace are in memory; what is decided before has to bring them first. */
  isReady(workspaceId: string): boolean
  /**
   * Decides, and records the decision unless nobody wants it any more by then. Rejects only on a defect.
   */
  decide(question: SkillQuestion, isWanted: () => boolean): Promise<SkillDecision>
  /** The menu an agent was given last, as a decision of its own, at once; null when there was none. */
  offerLast(question: SkillQuestion): SkillDecision | null
  /** The skill of this name, slug or id as this agent may see it; null when there is none. Rejects without a store. */
  find(
    workspaceId: string,
    agentName: string | null,
    name: string,
    pinned?: PinnedVersions,
  ): Promise<LoadableSkill | null>
  /** The text of a file of that version; null when there is none. Rejects without a store. */
  readFile(workspaceId: string, skill: LoadableSkill, path: string): Promise<string | null>
}
