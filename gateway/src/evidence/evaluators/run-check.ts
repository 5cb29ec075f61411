import type { Trace } from '../traces/trace.ts'

/** What deterministic evaluators can check. Those that compare do it with the evaluator's `value`. */
export const checkNames = [
  'output_not_empty',
  'no_error',
  'skill_output',
  'output_contains',
  'output_lacks',
  'latency_at_most_ms',
  'cost_at_most_usd',
] as const

export type CheckName = (typeof checkNames)[number]

export interface CheckResult {
  /** 1 or 0; null when the trace does not say. */
  readonly score: 0 | 1 | null
  readonly reason: string
}

const decided = (isGood: boolean, good: string, bad: string): CheckResult => ({
  score: isGood ? 1 : 0,
  reason: isGood ? good : bad,
})
const unknown = (reason: string): CheckResult => ({ score: null, reason })

/** Judges a trace by a rule. */
export function runCheck(name: CheckName, value: string | number | null, trace: Trace): CheckResult {
  const output = readOutput(trace)
  switch (name) {
    case 'output_not_empty':
      return decided(output.trim() !== '', 'there is an answer', 'the answer is empty')
    case 'no_error':
      return checkErrors(trace)
    case 'skill_output':
      return checkSkillOutput(trace, output)
    case 'output_contains':
      return decided(containsText(output, value), 'the answer contains the text', 'the answer lacks the text')
    case 'output_lacks':
      return decided(
        !containsText(output, value),
        'the answer lacks the text',
        'the answer contains the text',
      )
    case 'latency_at_most_ms':
      return checkLimit(trace.latencyMs, value, 'ms')
    case 'cost_at_most_usd':
      return checkLimit(trace.costUsd, value, 'USD')
  }
}

function readOutput({ document }: Trace): string {
  const output = document['final_output_preview']
  return typeof output === 'string' ? output : ''
}

function containsText(output: string, value: string | number | null): boolean {
  return output.toLowerCase().includes(String(value ?? '').toLowerCase())
}

function checkErrors({ status, document }: Trace): CheckResult {
  const steps = [document['spans'], document['llm_calls']].flat() as ({ status?: unknown } | undefined)[]
  const failed = steps.filter((step) => step?.status === 'error').length
  if (status === 'error') return decided(false, '', 'the run ended in an error')
  return decided(failed === 0, 'nothing failed', `${failed} of its steps ended in an error`)
}

function checkSkillOutput({ skills }: Trace, output: string): CheckResult {
  const activated = skills.filter(({ isActivated }) => isActivated).map(({ name }) => name)
  if (activated.length === 0) return unknown('no skill was activated')
  const words = output
    .trim()
    .replace(/[`*."']/g, '')
    .toLowerCase()
  const isMereName = activated.some((name) => words === name.toLowerCase())
  return decided(
    words !== '' && !isMereName,
    'the skill was applied',
    'the answer is empty or only names the skill',
  )
}

function checkLimit(measured: number | null, limit: string | number | null, unit: string): CheckResult {
  if (measured === null) return unknown('the trace does not say')
  return decided(
    measured <= Number(limit ?? 0),
    `${measured} ${unit} is within the limit`,
    `${measured} ${unit} is over the limit`,
  )
}
