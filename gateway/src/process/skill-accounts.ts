import type { Runtime } from '../pipeline/model-request.ts'
import { versionFor } from '../skill-router/hot-skill.ts'
import { ContainerSkills } from '../skills/accounts/container-skills.ts'
import { listAccounts } from '../skills/accounts/list-accounts.ts'
import { ProviderCopies } from '../skills/accounts/provider-copies.ts'
import { NamespaceSandbox } from '../skills/sandbox/namespace-sandbox.ts'
import type { Transport } from '../transport/transport.ts'
import type { Hub } from './hub.ts'
import type { SkillRouting } from './skill-router.ts'
import type { Telemetry } from './telemetry.ts'

const tidyMs = 3_600_000

export interface SkillAccountsOptions {
  readonly hub: Hub
  readonly skillRouting: SkillRouting
  readonly telemetry: Telemetry
  readonly transport: Transport
  readonly runtime: () => Runtime
  /** What fingerprints of accounts are keyed with. */
  readonly secret: Buffer
  readonly now: () => number
}

export interface SkillAccounts {
  readonly containers: ContainerSkills
  readonly copies: ProviderCopies
  readonly sandbox: NamespaceSandbox
  close(): void
}

/** Puts together what deals with skills in vendors' accounts, and tidies them up. */
export function openSkillAccounts(options: SkillAccountsOptions): SkillAccounts {
  const { hub, skillRouting, transport, secret, now } = options
  const { catalogues, bodies } = skillRouting
  const copies = new ProviderCopies({ store: hub.providerCopies, state: hub.state, transport, now })
  const containers = new ContainerSkills({
    store: hub.skills,
    findServed: (workspaceId, agentName, reference) => {
      const skill = catalogues.find(workspaceId)?.find(reference, agentName) ?? null
      if (skill === null) return null
      const { skillId, name } = skill
      return { skillId, name, versionId: versionFor(skill, agentName).versionId }
    },
    readVersion: (workspaceId, skillId, selector) => bodies.read(workspaceId, skillId, selector),
    copies,
    secret,
  })
  const sandbox = new NamespaceSandbox({
    node: process.execPath,
    env: process.env,
    readVersion: (workspaceId, skillId, selector) => bodies.read(workspaceId, skillId, selector),
    readFiles: (workspaceId, versionId, paths) => hub.skills.readFiles(workspaceId, versionId, paths),
  })
  const tidying = setInterval(() => void tidy(options, copies), tidyMs).unref()
  return { containers, copies, sandbox, close: () => clearInterval(tidying) }
}

/** Copies that nobody uses any more do not fill an account. */
async function tidy(
  { runtime, secret, telemetry, now }: SkillAccountsOptions,
  copies: ProviderCopies,
): Promise<void> {
  const accounts = new Map(listAccounts(runtime(), secret).map((account) => [account.fingerprint, account]))
  const since = now() - runtime().config.skills.providerCopyTtlMs
  try {
    const failures = await copies.deleteUnused(since, (fingerprint) => accounts.get(fingerprint) ?? null)
    if (failures > 0) telemetry.logger.log('warn', 'skill_copies_not_deleted', { count: failures })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    telemetry.logger.log('warn', 'skill_copies_not_deleted', { reason })
  }
}
