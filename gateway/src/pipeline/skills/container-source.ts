import type { Deployment } from '../../deployments/deployment.ts'

/** A skill of the gateway's own, in the version a request asked for. */
export interface OwnSkill {
  readonly skillId: string
  readonly versionId: string
  readonly name: string
  readonly description: string
  /** What tells one content from another, whatever skill it is of. */
  readonly treeDigest: string
  /** The version as answers name it. */
  readonly version: string
  /** Characters of its text. */
  readonly bodyLength: number
}

/** An account whose vendor runs skills in containers of its own. */
export interface NativeAccount {
  /**
   * The vendor's ids of skills, in their order; what the account lacks is uploaded first. Errors: 502
   * `skill_upload_failed`.
   */
  provide(workspaceId: string, skills: readonly OwnSkill[]): Promise<readonly string[]>
  /** Whether an id is that of a copy made here; nobody may name those. */
  isCopy(providerSkillId: string): Promise<boolean>
  /** The vendor does not have these any more. */
  forget(providerSkillIds: readonly string[]): Promise<void>
}

/** Where the skills of a container come from. */
export interface ContainerSource {
  /**
   * A skill of the store by name, slug or any spelling of its id, as this agent may see it; null when there is none.
   * Errors: 404 `skill_not_found` for a version it does not have; those of the store.
   */
  find(
    workspaceId: string,
    agentName: string | null,
    reference: string,
    version: string | null,
  ): Promise<OwnSkill | null>
  /** A version as a zip, in base64. Errors: those of the store. */
  pack(workspaceId: string, skill: OwnSkill): Promise<string>
  /** The text of a skill that came along as a zip in base64, under its heading. Errors: 400 for what is no skill. */
  readInline(name: string, data: string): string
  /** Null where the vendor of a deployment runs no skills. `headers` hold the credentials it is called with. */
  openAccount(deployment: Deployment, headers: readonly string[]): NativeAccount | null
}
