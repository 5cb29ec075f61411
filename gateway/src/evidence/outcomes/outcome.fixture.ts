import type { Outcome } from './outcome.ts'

export function outcome(subject: string, members: Partial<Outcome> = {}): Outcome {
  return {
    subject,
    kind: 'explicit',
    name: '',
    verdict: 'pass',
    score: null,
    reason: null,
    detail: {},
    updatedAt: Date.UTC(2026, 5, 1, 12),
    ...members,
  }
}
