import { GatewayError } from '@routeiq/contract'
import type { SkillsConfig } from '../../config/config.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { IdempotentAnswers } from '../../rest/idempotency.ts'
import type { AddToAgentDependencies } from '../agents/add-to-agent.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore } from '../skill-store.ts'
import type { SkillWriter } from '../write/skill-writer.ts'

export interface SkillRoutesDependencies {
  readonly identity: Identity
  readonly store: SkillStore
  readonly writer: SkillWriter
  readonly settings: () => SkillsConfig
  readonly idempotent: IdempotentAnswers
  /** Where skills are put on agents as they are written. */
  readonly placing: AddToAgentDependencies
}

/** The skill a request names. Errors: 404 `not_found`, the same for another workspace's. */
export async function requireSkill(
  store: SkillStore,
  workspaceId: string,
  reference: string,
): Promise<Skill> {
  const skill = await store.find(workspaceId, reference)
  if (skill === null) throw noSuchSkill(reference)
  return skill
}

/** Errors: as with `requireSkill`, and 403 for one the workspace only uses from the registry. */
export async function requireOwnSkill(
  store: SkillStore,
  workspaceId: string,
  reference: string,
): Promise<Skill> {
  const skill = await requireSkill(store, workspaceId, reference)
  if (!skill.isLinked) return skill
  const message = `The skill ${skill.name} is used from the registry; fork it to change it.`
  throw new GatewayError('permission_denied', message, { param: 'skill' })
}

export function noSuchSkill(reference: string): GatewayError {
  return new GatewayError('not_found', `No skill ${reference} was found.`, { param: 'skill' })
}

/** How a caller is named as the author of a version. */
export function authorOf(caller: Caller, given: string | null | undefined): string {
  return given ?? caller.keyAlias ?? caller.userId ?? caller.kind
}

/** The principal that is remembered as the creator of a skill: the user, or the key where it belongs to none. */
export function creatorOf({ userId, keyHash, kind }: Caller): string {
  if (userId !== null) return `user:${userId}`
  return keyHash === null ? kind : `key:${keyHash}`
}

const attempts = 3

/** Runs a change again from a fresh reading when somebody else changed the skill meanwhile. */
export async function retryChanged<Result>(change: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change()
    } catch (error) {
      const isMeanwhile =
        error instanceof GatewayError && error.options.extras?.['reason'] === 'changed_meanwhile'
      if (!isMeanwhile || attempt === attempts) throw error
    }
  }
}
