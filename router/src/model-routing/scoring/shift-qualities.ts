import type { Scores } from './scorer.ts'

/** Moves the estimate of every candidate, within 0 and 1, and notes by how much as a part of it. */
export function shiftQualities(scores: Scores, component: string, shifts: readonly number[]): void {
  const moved = Float64Array.from(shifts, (shift, at) => {
    const before = scores.q[at] as number
    const after = Math.max(0, Math.min(1, before + shift))
    scores.q[at] = after
    return after - before
  })
  scores.components.set(component, moved)
}
