/** The token count of a text of `characters` as the Skill Router counts everywhere: a quarter of it, rounded up. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4)
}
