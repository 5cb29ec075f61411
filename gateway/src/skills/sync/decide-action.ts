export const conflictPolicies = [
  'local_wins',
  'newer_wins',
  'remote_wins',
  'remote_wins_on_conflict',
] as const
export type ConflictPolicy = (typeof conflictPolicies)[number]

export interface Sides {
  readonly localHash: string
  /** Epoch milliseconds; null when the client did not say. */
  readonly localUpdatedAt: number | null
  readonly remoteHash: string
  readonly remoteUpdatedAt: number
  /** What this installation had when it last synced; null when it never did. */
  readonly baseline: string | null
}

/** What to do about a skill that both sides have. */
export function decideAction(policy: ConflictPolicy, sides: Sides): 'no_change' | 'push' | 'pull' {
  const { localHash, localUpdatedAt, remoteHash, remoteUpdatedAt, baseline } = sides
  if (localHash === remoteHash) return 'no_change'
  switch (policy) {
    case 'local_wins':
      return 'push'
    case 'remote_wins':
      return 'pull'
    case 'newer_wins':
      return localUpdatedAt === null || localUpdatedAt >= remoteUpdatedAt ? 'push' : 'pull'
    case 'remote_wins_on_conflict':
      return remoteHash === baseline ? 'push' : 'pull'
  }
}

export type InstallStatus = 'in_sync' | 'local_ahead' | 'remote_ahead' | 'conflict' | 'local_only' | 'unknown'

/** How an installed skill stands against the store, both held against what was last the same. */
export function compareInstall(local: string, remote: string | null, baseline: string | null): InstallStatus {
  if (remote === null) return 'local_only'
  if (local === remote) return 'in_sync'
  if (baseline === null) return 'unknown'
  if (remote === baseline) return 'local_ahead'
  return local === baseline ? 'remote_ahead' : 'conflict'
}
