import { expect, it } from 'vitest'
import { modelFamilyOf } from './model-family.ts'

it.each([
  ['gpt-4o', 'gpt-4o'],
  ['openai/GPT-4o-2024-08-06', 'gpt-4o'],
  ['gpt-4-0613', 'gpt-4'],
  ['gpt-4-1106-preview', 'gpt-4-1106-preview'],
  ['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet'],
  ['claude-3-5-sonnet@20240620', 'claude-3-5-sonnet'],
  ['claude-3-5-sonnet-latest', 'claude-3-5-sonnet'],
  ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-3-5-sonnet'],
  ['bedrock/anthropic.claude-3-haiku-20240307-v1:0', 'claude-3-haiku'],
  ['models/gemini-2.5-pro-preview-05-06', 'gemini-2.5-pro-preview'],
  ['gemini-1.5-pro-002', 'gemini-1.5-pro-002'],
  ['mistral-large-2407', 'mistral-large'],
  ['meta-llama/Llama-3.1-405b', 'llama-3.1-405b'],
  ['deepseek-r1-0528', 'deepseek-r1'],
  ['', ''],
])('%s is counted under %s', (model, family) => {
  expect(modelFamilyOf(model)).toBe(family)
})
