import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { parseEvalSuite } from './eval-suite.ts'

const refusal = (source: string): string => {
  try {
    parseEvalSuite(source)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'validation_failed') return error.message
    throw error
  }
  throw new Error('was accepted')
}

describe('parseEvalSuite', () => {
  it('reads every member', () => {
    const suite = parseEvalSuite(`
cases:
  - name: refund
    prompt: My order broke.
    expectations: [Asks for the order number]
    validators: [{ cmd: "test -f out.json", label: file }]
    setup: { files: { a.txt: hi }, commands: [ls] }
    tags: [smoke]
    description: the usual
    max_turns: 3
  - { name: near miss, prompt: "What is the weather?", should_trigger: false, setup: [ls] }
`)
    expect(suite.cases).toHaveLength(2)
    expect(suite.cases[0]?.validators).toEqual([
      { cmd: 'test -f out.json', label: 'file', expect_exit_code: 0 },
    ])
    expect(suite.cases[1]).toMatchObject({ should_trigger: false, expectations: [], validators: [] })
  })

  it.each([
    ['', 'Invalid input'],
    ['cases: []', 'cases'],
    ['suite: x\ncases: [{name: a, prompt: b, should_trigger: true}]', 'suite'],
    ['cases: [{name: a, prompt: b, expectation: [x]}]', 'expectation'],
    ['cases: [{name: a, prompt: b}]', 'nothing to check'],
    ['cases: [{name: a, prompt: b, mode: agentic, should_trigger: true}]', 'mode'],
    ['cases: [{name: " ", prompt: b, should_trigger: true}]', 'name'],
    ['cases: [{name: a, prompt: b, validators: [{cmd: x, shell: bash}]}]', 'shell'],
    ['cases: [{name: a, prompt: b, max_turns: 0, should_trigger: true}]', 'max_turns'],
    ['cases: [{name: a, prompt: 7, should_trigger: true}]', 'prompt'],
    [
      'cases: [{name: a, prompt: b, should_trigger: true}, {name: a, prompt: c, should_trigger: true}]',
      'differ',
    ],
    ['cases: [', 'valid YAML'],
    ['a: 1\na: 2', 'valid YAML'],
    [`cases: &a [${'*a,'.repeat(3)}]`, ''],
    [`# ${'x'.repeat(262_144)}`, '256 KiB'],
  ])('refuses %s', (source, reason) => {
    expect(refusal(source)).toContain(reason)
  })

  it('refuses aliases that multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level += 1)
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    expect(refusal(lines.join('\n'))).toContain('valid YAML')
  })

  it('names the case and the key', () => {
    const source =
      'cases: [{name: a, prompt: b, should_trigger: true}, {name: c, prompt: d, max_turns: x, should_trigger: true}]'
    try {
      parseEvalSuite(source)
      expect.unreachable()
    } catch (error) {
      const issues = (error as GatewayError).options.extras?.['issues']
      expect(issues).toMatchObject([{ loc: ['eval.yaml', 'cases', 1, 'max_turns'] }])
    }
  })
})
