import { describe, expect, it } from 'vitest'
import { aggregateRun } from './aggregate-run.ts'
import { parseEvalSuite } from './eval-suite.ts'
import type { ChatMessage, ModelCalls, ModelReply } from './model-calls.ts'
import { countModelCalls, planCases, runBenchmark } from './run-benchmark.ts'

const suite = parseEvalSuite(`
cases:
  - { name: refund, prompt: My order broke, expectations: [Asks for the number, Is polite] }
  - { name: script, prompt: Write a file, validators: [{ cmd: test -f x }] }
  - { name: both, prompt: Say hi, expectations: [Says hi], validators: [{ cmd: grep hi, label: greeting }] }
  - { name: prepared, prompt: Read a.txt, expectations: [Reads it], setup: [touch a.txt] }
  - { name: yes, prompt: refund please, should_trigger: true }
  - { name: no, prompt: what is the weather, should_trigger: false }
`)
const skill = { name: 'refund-policy', body: 'Ask for the order number.' }

interface Asked {
  readonly model: string
  readonly messages: readonly ChatMessage[]
}

/** A model that passes with the skill and fails without; its judge reads what the answer says. */
function scriptedCalls(
  patch: (asked: Asked) => ModelReply | null = () => null,
): ModelCalls & { asked: Asked[] } {
  const asked: Asked[] = []
  const reply = (text: string): ModelReply => ({ ok: true, text, totalTokens: text.length, durationMs: 12.4 })
  return {
    asked,
    async ask(model, messages) {
      asked.push({ model, messages })
      const patched = patch({ model, messages })
      if (patched !== null) return patched
      if (model === 'answerer') return reply(messages.length === 2 ? 'a good answer' : 'a bad answer')
      const content = messages[1]?.content ?? ''
      const expectations = content.split('# Expectations\n\n')[1]?.split('\n') ?? []
      const passed = content.includes('a good answer')
      const verdicts = expectations.map((_, index) => ({ number: index + 1, passed, reason: 'because' }))
      return reply(`Here you are:\n\`\`\`json\n${JSON.stringify({ verdicts })}\n\`\`\``)
    },
  }
}

const run = (calls: ModelCalls, runs = 1) =>
  runBenchmark({
    suite,
    skill,
    model: 'answerer',
    judgeModel: 'judge',
    runs,
    calls,
    judge: calls,
    isTriggered: async (prompt) => prompt.includes('e'),
  })

describe('runBenchmark', () => {
  it('runs every case with the skill and without, and judges both', async () => {
    const calls = scriptedCalls()
    const { results } = await run(calls)
    expect(results.map(({ case_name, outcome }) => [case_name, outcome])).toEqual([
      ['refund', 'flip_to_pass'],
      ['both', 'flip_to_pass'],
    ])
    expect(results[0]?.expectation_results).toEqual([
      { expectation: 'Asks for the number', passed: true, reason: 'because' },
      { expectation: 'Is polite', passed: true, reason: 'because' },
    ])
    expect(results[0]?.with_skill).toMatchObject({
      passed: true,
      turns: 1,
      duration_ms: 12,
      total_tokens: 13,
    })
    const answered = calls.asked.filter(({ model }) => model === 'answerer')
    expect(answered.map(({ messages }) => messages.map(({ role }) => role))).toContainEqual(['user'])
    expect(answered[0]?.messages[0]).toEqual({
      role: 'system',
      content: '## Skill: refund-policy\n\nAsk for the order number.',
    })
    expect(aggregateRun(results).pass_rate).toEqual({ with_skill: 1, without_skill: 0, delta_pts: 100 })
  })

  it('never runs a command: such cases are skipped, such checks say so', async () => {
    const { results, skipped } = await run(scriptedCalls())
    expect(skipped.map(({ name }) => name)).toEqual(['script', 'prepared'])
    expect(skipped[0]?.reason).toContain('never runs')
    expect(results[1]?.validator_results).toEqual([{ label: 'greeting', skipped: true }])
  })

  it('asks the router about cases that say when it should trigger', async () => {
    const { triggers } = await run(scriptedCalls())
    expect(triggers).toEqual([
      { case_name: 'yes', should_trigger: true, triggered: true, passed: true },
      { case_name: 'no', should_trigger: false, triggered: true, passed: false },
    ])
  })

  it('repeats cases and keeps every repetition', async () => {
    const calls = scriptedCalls()
    const { results } = await run(calls, 3)
    expect(results.map(({ case_name, run }) => `${case_name} ${run}`)).toEqual([
      'refund 1',
      'refund 2',
      'refund 3',
      'both 1',
      'both 2',
      'both 3',
    ])
    expect(calls.asked.length).toBe(countModelCalls(planCases(suite).graded, 3))
  })

  it.each([
    ['an answer', (asked: Asked) => asked.model === 'answerer' && asked.messages.length === 1],
    [
      'a judge',
      (asked: Asked) => asked.model === 'judge' && String(asked.messages[1]?.content).includes('bad'),
    ],
  ])('makes a case an error when %s fails, never a win of the skill', async (_, fails) => {
    const calls = scriptedCalls((asked) => (fails(asked) ? { ok: false, reason: 'over capacity' } : null))
    const { results } = await run(calls)
    expect(results.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['error', 'over capacity'],
      ['error', 'over capacity'],
    ])
    expect(aggregateRun(results)).toMatchObject({ error_dominated: true, verdict: 'error' })
  })

  it.each(['no JSON at all', '{"verdicts": 7}', '{"verdicts": [{"number": 9, "passed": true}]}', '} {'])(
    'takes a judge that answers %s for broken',
    async (text) => {
      const calls = scriptedCalls(({ model }) =>
        model === 'judge' ? { ok: true, text, totalTokens: 1, durationMs: 1 } : null,
      )
      const { results } = await run(calls)
      expect(results.every(({ outcome }) => outcome === 'error')).toBe(true)
      expect(results[0]?.error).toContain('judge')
    },
  )

  it('has at most four cases under way', async () => {
    let active = 0
    let most = 0
    const calls: ModelCalls = {
      async ask() {
        active += 1
        most = Math.max(most, active)
        await new Promise((resolve) => setImmediate(resolve))
        active -= 1
        return { ok: false, reason: 'no' }
      },
    }
    await run(calls, 10)
    // Two sides a case.
    expect(most).toBe(8)
  })
})
