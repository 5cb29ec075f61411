import type { CaseRecord } from './aggregate-run.ts'
import type { EvalCase, EvalSuite } from './eval-suite.ts'
import type { ExpectationResult } from './judge-expectations.ts'
import { mapConcurrently } from './map-concurrently.ts'
import type { ModelCalls } from './model-calls.ts'
import { runCase } from './run-case.ts'

const concurrentCases = 4

export interface BenchmarkOptions {
  readonly suite: EvalSuite
  readonly skill: { readonly name: string; readonly body: string }
  readonly model: string
  readonly judgeModel: string
  /** How often each case is run, 1 to 10. */
  readonly runs: number
  readonly calls: ModelCalls
  /** Asked to judge answers; counted apart. */
  readonly judge: ModelCalls
  /** Whether the Skill Router would select the skill for this request. */
  readonly isTriggered: (prompt: string) => Promise<boolean>
}

/** A case as it is reported. */
export interface CaseResult extends CaseRecord {
  /** Which repetition, from 1. */
  readonly run: number
  readonly expectation_results: readonly ExpectationResult[]
  /** Commands are never run by the gateway. */
  readonly validator_results: readonly { readonly label: string; readonly skipped: true }[]
  readonly error?: string
}

export interface TriggerResult {
  readonly case_name: string
  readonly should_trigger: boolean
  readonly triggered: boolean
  readonly passed: boolean
}

export interface SkippedCase {
  readonly name: string
  readonly reason: string
}

export interface BenchmarkResult {
  readonly results: readonly CaseResult[]
  readonly triggers: readonly TriggerResult[]
  readonly skipped: readonly SkippedCase[]
}

/** The cases that need model calls, and why the others get none. */
export function planCases({ cases }: EvalSuite): {
  graded: readonly EvalCase[]
  skipped: readonly SkippedCase[]
} {
  const graded: EvalCase[] = []
  const skipped: SkippedCase[] = []
  for (const entry of cases) {
    const reason = reasonToSkip(entry)
    if (reason !== null) skipped.push({ name: entry.name, reason })
    else if (entry.expectations.length > 0) graded.push(entry)
  }
  return { graded, skipped }
}

/** Scripts of a skill and its tests are never executed by the gateway, so what depends on them is left out. */
function reasonToSkip({ expectations, validators, setup }: EvalCase): string | null {
  const needsWorkspace = setup !== undefined && (Array.isArray(setup) ? setup.length > 0 : true)
  if (needsWorkspace && (expectations.length > 0 || validators.length > 0))
    return 'its setup needs a prepared directory; run it locally and import the result'
  if (validators.length > 0 && expectations.length === 0)
    return 'its validators are commands, which the gateway never runs; run it locally and import the result'
  return null
}

/** Calls a run makes at most: two answers for each repetition of a case, each judged once. */
export function countModelCalls(graded: readonly EvalCase[], runs: number): number {
  return graded.length * runs * 4
}

/** Runs every case with the skill and without it, and asks the router about those that say when it should trigger. */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { suite, runs } = options
  const { graded, skipped } = planCases(suite)
  const repetitions = graded.flatMap((entry) =>
    Array.from({ length: runs }, (_, index) => ({ entry, run: index + 1 })),
  )
  const results = await mapConcurrently(repetitions, concurrentCases, ({ entry, run }) =>
    runCase(options, entry, run),
  )
  const triggers: TriggerResult[] = []
  for (const { name, prompt, should_trigger } of suite.cases) {
    if (should_trigger === undefined) continue
    const triggered = await options.isTriggered(prompt)
    triggers.push({ case_name: name, should_trigger, triggered, passed: triggered === should_trigger })
  }
  return { results, triggers, skipped }
}
