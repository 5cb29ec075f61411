import type { RegistryStore } from '../skills/registry/registry-store.ts'

const sweepMs = 60_000

export interface LinkFollower {
  /** Looks at the links to the skills of a workspace that has changed. */
  follow(workspaceId: string): void
  stop(): void
}

/**
 * Keeps links in line with the skills they point to: after each change of an owner, and for what changes with time
 * alone, or was missed, once a minute. What public skills are compared by is computed at the same pace.
 */
export function followLinks(
  registry: Pick<RegistryStore, 'followSources' | 'refreshStanding'>,
): LinkFollower {
  // What fails here is done by the next sweep.
  const look = (ownerId: string | null): void => void registry.followSources(ownerId).catch(() => {})
  const sweep = (): void => {
    look(null)
    registry.refreshStanding(null).catch(() => {})
  }
  const timer = setInterval(sweep, sweepMs).unref()
  return { follow: look, stop: () => clearInterval(timer) }
}
