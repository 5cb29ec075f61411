import { describe, expect, it } from 'vitest'
import { compilePolicies } from './compile-policies.ts'
import type { PolicyCaller, PolicySubject } from './policy-engine.ts'

const compile = (document: unknown) =>
  compilePolicies({ isEnabled: true, failsClosed: false, path: 'p.yaml', document, problem: null })

interface Changes extends Partial<Omit<PolicySubject, 'caller'>> {
  readonly caller?: Partial<PolicyCaller>
}

const subject = (changes: Changes = {}): PolicySubject => ({
  method: 'POST',
  template: '/chat/completions',
  models: ['gpt-4o'],
  address: '10.1.2.3',
  ...changes,
  caller: {
    kind: 'key',
    teamId: 'blue',
    userId: 'ann',
    keyAlias: 'notebook',
    keyHash: 'ab'.repeat(32),
    ...changes.caller,
  },
})

/** The rule that decided, `-` for none. */
function decide(document: unknown, changes: Changes = {}): string | undefined {
  const { policies, problems } = compile(document)
  expect(problems).toEqual([])
  const decision = policies?.engine?.decide(subject(changes))
  return decision === null ? 'unknown' : `${decision?.action} ${decision?.rule ?? '-'}`
}

const deny = (members: object, name = 'r') => ({ name, action: 'deny', ...members })

describe('policies', () => {
  it('are off unless they are wanted', () => {
    const off = { isEnabled: false, failsClosed: true, path: null, document: null, problem: null }
    expect(compilePolicies(off)).toEqual({ policies: null, problems: [] })
  })

  it('let pass what no rule matches, or refuse it', () => {
    expect(decide({})).toBe('allow -')
    expect(decide(null)).toBe('allow -')
    expect(decide({ default_action: 'deny', rules: [deny({ users: ['bob'] })] })).toBe('deny -')
  })

  it('follow the priority, then the file; the first that matches decides', () => {
    const rules = [
      deny({ priority: 200 }, 'late'),
      { name: 'second', action: 'allow', priority: 5 },
      deny({ priority: 5 }, 'third'),
    ]
    expect(decide({ rules })).toBe('allow second')
    expect(decide({ rules: [{ name: 'plain', action: 'allow' }, deny({ priority: 99 })] })).toBe('deny r')
  })

  it('match when every member does, and a member when one of its entries does', () => {
    const rules = [deny({ teams: ['red', 'bl*'], users: ['^an+$'], methods: ['post'], models: 'gpt-*' })]
    expect(decide({ rules })).toBe('deny r')
    expect(decide({ rules }, { method: 'GET' })).toBe('allow -')
    expect(decide({ rules }, { caller: { userId: 'anne' } })).toBe('allow -')
    expect(decide({ rules }, { caller: { teamId: null } })).toBe('allow -')
    expect(decide({ rules }, { models: ['claude', 'gpt-3'] })).toBe('deny r')
    expect(decide({ rules }, { models: [] })).toBe('allow -')
  })

  it('know keys by alias and by digest', () => {
    expect(decide({ rules: [deny({ api_keys: ['notebook'] })] })).toBe('deny r')
    expect(decide({ rules: [deny({ api_keys: ['ab'.repeat(32)] })] })).toBe('deny r')
  })

  it.each([
    ['10.0.0.0/8', '10.1.2.3', 'deny r'],
    ['10.0.0.0/8', '::ffff:10.1.2.3', 'deny r'],
    ['10.0.0.0/8', '11.1.2.3', 'allow -'],
    ['2001:db8::/32', '2001:db8::1', 'deny r'],
    ['127.0.0.1', '127.0.0.1', 'deny r'],
    ['0.0.0.0/0', undefined, 'allow -'],
  ])('%s and the address %s: %s', (range, address, decision) => {
    expect(decide({ rules: [deny({ source_ips: [range] })] }, { address })).toBe(decision)
  })

  it('judge addresses where the caller came in, not again where the gateway calls itself', () => {
    const inside = { name: 'inside', action: 'allow', source_ips: ['10.0.0.0/8'] }
    expect(decide({ rules: [deny({ source_ips: ['10.0.0.0/8'] })] }, { address: null })).toBe('allow -')
    expect(decide({ default_action: 'deny', rules: [inside] }, { address: null })).toBe('allow inside')
  })

  it.each([
    ['/chat/completions', '/chat/completions'],
    ['/V1/Chat/Completions', '/chat/completions'],
    ['/v1/chat/*', '/engines/{model}/chat/completions'],
    ['/chat/completions', '/openai/deployments/{model}/chat/completions'],
    ['/chat/completions', '/openai/v1/chat/completions'],
    ['/v1/messages', '/v1/messages'],
    ['/openai/*', '/openai/{endpoint+}'],
    ['^/v1/chat/[a-z]+$', '/chat/completions'],
    ['/engines/*', '/engines/{model}/chat/completions'],
  ])('the route %s covers %s', (route, template) => {
    expect(decide({ rules: [deny({ routes: [route] })] }, { template })).toBe('deny r')
  })

  it.each([
    ['/chat/completions', '/completions'],
    ['/completions', '/chat/completions'],
    ['/*/x', '/openai/{endpoint+}'],
    ['/key/*', '/keys'],
  ])('the route %s does not cover %s', (route, template) => {
    expect(decide({ rules: [deny({ routes: [route] })] }, { template })).toBe('allow -')
  })

  it('leave open what depends on a model that is not known yet', () => {
    const rules = [deny({ models: ['gpt-*'] }, 'models'), deny({ users: ['ann'] }, 'ann')]
    expect(decide({ rules }, { models: null })).toBe('unknown')
    expect(decide({ rules }, { models: ['claude'] })).toBe('deny ann')
    expect(decide({ rules: [...rules].reverse() }, { models: null })).toBe('deny ann')
  })

  it('never hold up probes, and the metrics unless asked to', () => {
    const engineOf = (document: object) => compile(document).policies?.engine
    const engine = engineOf({ default_action: 'deny' })
    expect(engine?.isExcluded('/_health/live')).toBe(true)
    expect(engine?.isExcluded('/metrics')).toBe(true)
    expect(engine?.isExcluded('/chat/completions')).toBe(false)
    const open = engineOf({ default_action: 'deny', excluded_paths: ['/v1/models'] })
    expect(open?.isExcluded('/_health/ready')).toBe(true)
    expect(open?.isExcluded('/models')).toBe(true)
    expect(open?.isExcluded('/metrics')).toBe(false)
  })

  it('remember what they decided for each caller apart', () => {
    const { policies } = compile({ rules: [deny({ users: ['ann'] })] })
    const ann = subject()
    const bob = subject({ caller: { userId: 'bob' } })
    for (const _ of [1, 2]) {
      expect(policies?.engine?.decide(ann)?.action).toBe('deny')
      expect(policies?.engine?.decide(bob)?.action).toBe('allow')
    }
  })

  it.each([
    [{ rules: [{ name: 'r' }] }, 'rules[0].action'],
    [{ rules: [deny({ modles: ['gpt'] })] }, 'modles'],
    [{ default: 'deny' }, 'default'],
    [{ default_action: 'refuse' }, 'default_action'],
    [{ rules: [deny({ models: ['^(a'] })] }, 'rule "r", models: "^(a" is no usable pattern'],
    [{ rules: [deny({ source_ips: ['10.0.0.0/33', 'office'] })] }, '"10.0.0.0/33" is no address'],
    [['a list'], 'object'],
  ])('of %j nothing is used', (document, message) => {
    const { policies, problems } = compile(document)
    expect(policies).toEqual({ engine: null, failsClosed: false })
    expect(problems.join('; ')).toContain(message)
  })
})
