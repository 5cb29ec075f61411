import type { PreferenceSums } from '@routeiq/router'

/** What a user thinks of a model, as it counts at `updatedAt` (epoch milliseconds). */
export interface Preference extends PreferenceSums {
  readonly workspaceId: string
  readonly userId: string
  readonly arm: string
  readonly updatedAt: number
}

/** What users think of models. Rejects with `storage_unavailable` when the database does not answer. */
export interface PreferenceStore {
  /** Adds one opinion, `score` from -1 to 1, to what the user said before. */
  addPreference(
    opinion: Pick<Preference, 'workspaceId' | 'userId' | 'arm'> & { readonly score: number },
    now: number,
  ): Promise<void>
  listPreferences(workspaceId: string, userId: string): Promise<readonly Preference[]>
  /** The users who said something last, every opinion of theirs. */
  listRecentPreferences(limit: number): Promise<readonly Preference[]>
  /** How many were forgotten. */
  forgetPreferences(workspaceId: string, userId: string): Promise<number>
}
