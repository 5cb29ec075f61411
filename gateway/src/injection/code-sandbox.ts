import type { CodeLanguage } from './code-tool.ts'

/** A skill whose files a program may read, in one version. */
export interface MountedSkill {
  readonly skillId: string
  readonly versionId: string
  readonly name: string
}

export interface CodeOutcome {
  readonly status: 'ok' | 'timeout' | 'exceeded' | 'died'
  /** Null unless the program ended by itself. */
  readonly exitCode: number | null
  /** The last 16 KiB of what it printed, errors among it. */
  readonly output: string
}

export interface CodeRequest {
  readonly workspaceId: string
  readonly skills: readonly MountedSkill[]
  readonly language: CodeLanguage
  readonly code: string
  readonly timeoutMs: number
  /** Ends the program. */
  readonly signal: AbortSignal
}

/** Runs programs that models wrote, where they can do no harm. */
export interface CodeSandbox {
  /** Why none can be run on this machine; null when they can. */
  refuse(): Promise<string | null>
  /** Errors: `skill_busy`, `isolation_unavailable`, those of the store. */
  run(request: CodeRequest): Promise<CodeOutcome>
}
