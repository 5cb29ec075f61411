import { expect, it } from 'vitest'
import { selectDialect } from './select-dialect.ts'

it.each([
  ['/v1/models', { 'anthropic-version': '2023-06-01', authorization: 'Bearer x' }, 'anthropic-messages'],
  ['/v1/models', { 'anthropic-version': 'whatever', 'x-goog-api-key': 'x' }, 'anthropic-messages'],
  ['/v1beta/models', { authorization: 'Bearer x' }, 'google-generate'],
  ['/v1beta/models', { 'anthropic-version': '' }, 'anthropic-messages'],
  ['/v1/models', { 'x-goog-api-key': 'x' }, 'google-generate'],
  ['/v1/models', { 'x-goog-api-key': 'x', authorization: 'Bearer x' }, 'openai-chat'],
  ['/v1/models', { authorization: 'Bearer x' }, 'openai-chat'],
  ['/v1/models', {}, 'openai-chat'],
] as const)('%s with %j is %s', (target, headers, dialect) => {
  expect(selectDialect(target, headers)).toBe(dialect)
})
