import { join } from 'node:path'
import type { GatewayConfig } from '../config/config.ts'
import { CallsBySource } from '../http/calls-by-source.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { ArtifactShelf } from '../skills/well-known/artifacts.ts'
import { PublicSkills } from '../skills/well-known/public-skills.ts'
import { PublishedSkills } from '../skills/well-known/published-skills.ts'
import { SkillFolder } from '../skills/well-known/skill-folder.ts'
import type { WellKnownDependencies } from '../skills/well-known/well-known-routes.ts'
import type { Hub } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

export interface SkillDiscoveryOptions {
  readonly hub: Hub
  readonly identity: Identity
  readonly telemetry: Telemetry
  readonly config: () => GatewayConfig
  readonly now: () => number
}

/** What is published at `/.well-known/`: the skills of a folder, then the public ones of the store. */
export function openSkillDiscovery(options: SkillDiscoveryOptions): WellKnownDependencies {
  const { hub, identity, telemetry, config, now } = options
  const settings = () => config().skills.wellKnown
  const folder = new SkillFolder(settings)
  const store = new PublicSkills(hub.registry, hub.skills)
  return {
    identity,
    isEnabled: () => settings().isEnabled,
    calls: new CallsBySource(() => settings().requestsPerMinute, now),
    published: new PublishedSkills({
      sources: () => [...(settings().hasDirectory ? [folder] : []), ...(settings().hasStore ? [store] : [])],
      onOmitted: ({ name, source, reason }) =>
        telemetry.logger.log('warn', 'skill_not_published', { skill: name, source, reason }),
      onError: (error) => telemetry.logger.logError({ error, requestId: 'skill-discovery' }),
      now: () => performance.now(),
    }),
    artifacts: new ArtifactShelf({
      folder: join(config().storage.dataDir, 'skill-artifacts'),
      isServable: async (name, versionId) => {
        const skill = await hub.registry.find(name)
        return skill !== null && (await hub.registry.findVersion(skill.skillId, versionId)) !== null
      },
      now,
    }),
  }
}
