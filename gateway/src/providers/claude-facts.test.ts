import { expect, it } from 'vitest'
import { readClaudeFacts } from './claude-facts.ts'

it.each([
  ['claude-3-haiku-20240307', 'none', true, false],
  ['claude-3-5-sonnet-latest', 'none', true, false],
  ['claude-3-7-sonnet-20250219', 'budget', true, false],
  ['claude-sonnet-4-20250514', 'budget', true, false],
  ['claude-opus-4-1-20250805', 'budget', true, true],
  ['claude-haiku-4-5@20251001', 'budget', true, true],
  ['claude-opus-4-6', 'adaptive', true, true],
  ['claude-opus-4.7', 'adaptive', false, true],
  ['claude-opus-5', 'adaptive', false, true],
  ['claude-sonnet-5-5', 'adaptive', false, true],
  ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'budget', true, true],
  ['MiniMax-M2', 'budget', true, false],
])('reads %s', (model, thinking, acceptsSampling, supportsStructuredOutput) => {
  expect(readClaudeFacts(model)).toMatchObject({ thinking, acceptsSampling, supportsStructuredOutput })
})
