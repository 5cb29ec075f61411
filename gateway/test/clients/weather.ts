import type { ToolCall } from '../harness/openai-wire.ts'

/** The parameters of the one tool that the clients are given. */
export const weatherParameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

/** What the upstream asks for: one tool twice, in parallel. */
export const weatherCalls: readonly [ToolCall, ToolCall] = [
  { id: 'toolu_paris', name: 'get_weather', arguments: '{"city":"Paris"}' },
  { id: 'toolu_rome', name: 'get_weather', arguments: '{"city":"Rome"}' },
]

export const weatherIn = (city: string): string => `${city}: sunny`

export const question = 'How is the weather in Paris and in Rome?'
export const finalAnswer = 'It is sunny in both.'
