import type { ArmMetrics } from './aggregate-run.ts'
import type { EvalCase } from './eval-suite.ts'
import { type ExpectationResult, judgeExpectations } from './judge-expectations.ts'
import type { ChatMessage } from './model-calls.ts'
import { classifyOutcome } from './outcome.ts'
import type { BenchmarkOptions, CaseResult } from './run-benchmark.ts'

interface Arm {
  readonly metrics: ArmMetrics
  readonly judged: readonly ExpectationResult[]
  readonly error: string | null
}

/** One case on both sides at once: the skill's body as system text, and nothing in its place. */
export async function runCase(options: BenchmarkOptions, entry: EvalCase, run: number): Promise<CaseResult> {
  const { skill } = options
  const system = { role: 'system', content: `## Skill: ${skill.name}\n\n${skill.body}` } as const
  const question = { role: 'user', content: entry.prompt } as const
  const [withSkill, without] = await Promise.all([
    runArm(options, entry, [system, question]),
    runArm(options, entry, [question]),
  ])
  const error = withSkill.error ?? without.error
  return {
    case_name: entry.name,
    run,
    outcome: classifyOutcome(passedOf(withSkill), passedOf(without)),
    with_skill: withSkill.metrics,
    without_skill: without.metrics,
    expectation_results: withSkill.judged,
    validator_results: entry.validators.map(({ cmd, label }) => ({
      label: label ?? cmd.slice(0, 80),
      skipped: true,
    })),
    ...(error === null ? {} : { error }),
  }
}

const passedOf = ({ metrics }: Arm): boolean | null => (metrics.errored ? null : metrics.passed)

async function runArm(
  { calls, judge, model, judgeModel }: BenchmarkOptions,
  { prompt, expectations }: EvalCase,
  messages: readonly ChatMessage[],
): Promise<Arm> {
  const reply = await calls.ask(model, messages)
  if (!reply.ok) return failedArm(reply.reason, [])
  const { text, totalTokens, durationMs } = reply
  const judged = await judgeExpectations(judge, judgeModel, { prompt, answer: text, expectations })
  const broken = judged.find(({ errored }) => errored === true)
  if (broken !== undefined) return failedArm(broken.reason, judged)
  const metrics = {
    passed: judged.every(({ passed }) => passed),
    task_attempted: text.trim() !== '',
    errored: false,
    duration_ms: Math.round(durationMs),
    turns: 1,
    total_tokens: totalTokens,
    tool_call_count: 0,
  }
  return { metrics, judged, error: null }
}

function failedArm(error: string, judged: readonly ExpectationResult[]): Arm {
  const nothing = { duration_ms: 0, turns: 0, total_tokens: 0, tool_call_count: 0 }
  return { metrics: { passed: false, task_attempted: false, errored: true, ...nothing }, judged, error }
}
