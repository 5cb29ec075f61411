import type { Caller } from '../identity/caller.ts'

/**
 * Whose a caller's responses are: its user's, else its team's, else its key's, so that a new key of the same user or
 * team finds them. Admins have their own and see nobody else's.
 */
export function ownerOf({ kind, userId, teamId, keyHash }: Caller): string {
  if (kind !== 'key') return kind === 'anonymous' ? 'anonymous' : 'admin'
  if (userId !== null) return `user:${userId}`
  return teamId === null ? `key:${keyHash}` : `team:${teamId}`
}
