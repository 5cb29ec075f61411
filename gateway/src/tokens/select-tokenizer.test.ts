import { expect, it } from 'vitest'
import { selectTokenizer } from './select-tokenizer.ts'

it.each([
  ['gpt-4o', 'o200k_base', 'openai'],
  ['gpt-4.1-mini-2025-04-14', 'o200k_base', 'openai'],
  ['openai/gpt-5.1', 'o200k_base', 'openai'],
  ['o3-mini', 'o200k_base', 'openai'],
  ['openai/gpt-oss-120b', 'o200k_base', 'openai'],
  ['ft:gpt-4o-mini:acme::abc', 'o200k_base', 'openai'],
  ['gpt-4', 'cl100k_base', 'openai'],
  ['gpt-4-turbo-2024-04-09', 'cl100k_base', 'openai'],
  ['gpt-3.5-turbo', 'cl100k_base', 'openai'],
  ['gpt-35-turbo', 'cl100k_base', 'openai'],
  ['text-embedding-3-small', 'cl100k_base', 'openai'],
  ['claude-opus-4-5', null, 'claude'],
  ['eu.anthropic.claude-sonnet-4-5-20250929-v1:0', null, 'claude'],
  ['publishers/google/models/gemini-2.5-pro', null, 'gemini'],
  ['llama-3.3-70b-versatile', null, 'other'],
  ['', null, 'other'],
])('counts %s with %s', (model, vocabulary, family) => {
  expect(selectTokenizer(model)).toMatchObject({ vocabulary, family })
})
