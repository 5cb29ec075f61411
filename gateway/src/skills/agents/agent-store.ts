import type { QuotaLimit } from '../../quotas/quota.ts'

/** An agent as its traces and what was said about it show it. Times are epoch milliseconds. */
export interface AgentSummary {
  readonly agentName: string
  readonly traceCount: number
  readonly lastTraceAt: number | null
  readonly latestManifest: {
    readonly id: string
    readonly versionLabel: string
    readonly manifestHash: string
  } | null
  readonly unevaluatedCount: number
  /** Every trace of it is part of another. */
  readonly isSubagent: boolean
}

/** A skill that is assigned to an agent. */
export interface Assignment {
  readonly id: string
  readonly skillId: string
  readonly skillName: string
  readonly description: string
  readonly category: string | null
  readonly pinnedVersionId: string | null
  readonly pinnedVersionNumber: number | null
  readonly createdAt: number
}

interface NewAssignment {
  readonly skillId: string
  readonly pinnedVersionId: string | null
}

/** One version of an agent's system prompt. */
export interface AgentPrompt {
  readonly agentId: string
  readonly versionId: string
  readonly versionNumber: number
  readonly systemPrompt: string | null
  readonly contentHash: string
  readonly label: string | null
  readonly createdAt: number
}

interface NewPrompt {
  readonly systemPrompt: string | null
  readonly contentHash: string
  readonly label: string | null
  readonly author: string | null
}

/** What is known of an agent's prompts; `pinnedNumber` is what is asked for when no version is named. */
export interface KnownAgent {
  readonly agentId: string
  readonly pinnedNumber: number | null
}

/**
 * Agents, the skills assigned to them, and their prompts. Every method works inside one workspace, and rejects with
 * `storage_unavailable` when the database does not answer.
 */
export interface AgentStore {
  /** By name; all of them. */
  list(workspaceId: string): Promise<readonly AgentSummary[]>
  listAssignments(workspaceId: string, agentName: string): Promise<readonly Assignment[]>
  /**
   * Assigns skills, or changes their pins, all in one step. Errors: `quota_exceeded` when the agent is new and there are
   * as many as the limit allows.
   */
  assign(
    workspaceId: string,
    agentName: string,
    assignments: readonly NewAssignment[],
    limit: QuotaLimit | null,
  ): Promise<readonly { readonly id: string; readonly isNew: boolean }[]>
  /**
   * Assigns skills and keeps the pins of those that are assigned already; `unless_removed` leaves off what somebody took
   * off the agent. Returns the ids of those. Errors: `quota_exceeded` as with `assign`.
   */
  addSkills(
    workspaceId: string,
    agentName: string,
    skillIds: readonly string[],
    mode: 'all' | 'unless_removed',
    limit: QuotaLimit | null,
  ): Promise<readonly string[]>
  /** Whether it was assigned. */
  unassign(workspaceId: string, agentName: string, skillId: string): Promise<boolean>

  findAgent(workspaceId: string, agentName: string): Promise<KnownAgent | null>
  /** Null for a version there is not; the newest without a number. */
  readPrompt(
    workspaceId: string,
    agentName: string,
    versionNumber: number | null,
  ): Promise<AgentPrompt | null>
  /** A version with the newest one's text is not made again. Errors: `quota_exceeded` as with `assign`. */
  addPrompt(
    workspaceId: string,
    agentName: string,
    prompt: NewPrompt,
    limit: QuotaLimit | null,
  ): Promise<AgentPrompt>
  /** Null follows the newest. */
  pinPrompt(workspaceId: string, agentName: string, versionNumber: number | null): Promise<void>
}
