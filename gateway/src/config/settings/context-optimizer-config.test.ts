import { expect, it } from 'vitest'
import { loadText } from '../load-for-test.ts'

const read = (text: string, env: Record<string, string> = {}) => loadText(text, env).config.contextOptimizer

it('is off until it is asked for', () => {
  expect(read('').mode).toBe('off')
  expect(read('', { ROUTEIQ_CONTEXT_OPTIMIZE: 'OFF' }).mode).toBe('off')
  expect(read('routeiq: {context_optimizer: {mode: off, max_turns: 3}}').mode).toBe('off')
})

it('is on by its variable, its section or as a plugin', () => {
  const limits = { maxTurns: 40, keepLast: 20 }
  expect(read('', { ROUTEIQ_CONTEXT_OPTIMIZE: 'Safe' })).toEqual({ mode: 'safe', ...limits })
  expect(read('', { LLMROUTER_PLUGINS: 'context-optimizer' })).toEqual({ mode: 'safe', ...limits })
  const env = { LLMROUTER_PLUGINS: 'context-optimizer', ROUTEIQ_CONTEXT_OPTIMIZE: 'aggressive' }
  expect(read('', env)).toEqual({ mode: 'aggressive', ...limits })
  expect(read('routeiq: {context_optimizer: {mode: aggressive, max_turns: 10}}')).toEqual({
    ...{ mode: 'aggressive', maxTurns: 10, keepLast: 20 },
  })
})
