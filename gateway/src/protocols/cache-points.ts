/** Messages the operator wants a prompt-cache mark on: all of a role, or one by its index (negative from the end). */
export interface CachePoint {
  readonly role: string | null
  readonly index: number | null
}

export const ephemeral = { type: 'ephemeral' } as const

/** Whether a message is meant by one of the points; an index beats a role. */
export function isCachePoint(
  points: readonly CachePoint[],
  role: unknown,
  index: number,
  count: number,
): boolean {
  return points.some((point) => {
    if (point.index !== null) return index === (point.index < 0 ? count + point.index : point.index)
    return point.role !== null && role === point.role
  })
}
