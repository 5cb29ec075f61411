import type { ChatAnswer } from './openai-wire.ts'
import { answerTokens, promptTokens, type WireMock, wordsOf } from './wire-mock.ts'

const head = { model: 'qwen3:8b', created_at: '2026-03-04T05:06:07.123456789Z' }
const ending = { done: true, total_duration: 9, prompt_eval_count: promptTokens, eval_count: answerTokens }

/** Ollama's `/api/chat` and `/api/embed`. */
export const ollamaMock: WireMock = {
  owns: (path) => path === '/api/chat' || path === '/api/embed',
  // It streams unless told not to.
  wantsStream: ({ path, json }) => path === '/api/chat' && json['stream'] !== false,
  streamType: 'application/x-ndjson',
  whole: (answer, { path, json }) => (path === '/api/embed' ? embed(json['input']) : chat(answer)),
  pieces: (answer) => [
    ...deltasOf(answer).map((delta) => line({ ...head, message: message(delta), done: false })),
    line({ ...head, message: message({}), ...ending, done_reason: reasonOf(answer) }),
  ],
  errorBody: (error) => ({ error }),
  streamError: (error) => line({ error }),
}

function chat(answer: ChatAnswer): object {
  const { toolCalls } = answer
  const content = toolCalls === undefined ? { content: wordsOf(answer).join('') } : callsOf(answer)
  return { ...head, message: message(content), ...ending, done_reason: reasonOf(answer) }
}

function deltasOf(answer: ChatAnswer): object[] {
  return answer.toolCalls === undefined ? wordsOf(answer).map((content) => ({ content })) : [callsOf(answer)]
}

function callsOf({ toolCalls = [] }: ChatAnswer): object {
  const calls = toolCalls.map(({ id, name, arguments: text }, index) => ({
    ...(id === undefined ? {} : { id }),
    function: { index, name, arguments: JSON.parse(text) as unknown },
  }))
  return { tool_calls: calls }
}

function embed(input: unknown): object {
  const count = Array.isArray(input) ? input.length : 1
  const embeddings = Array.from({ length: count }, (_, index) => [index + 0.5, -0.25, 0.125])
  return { model: head.model, embeddings, total_duration: 9, prompt_eval_count: 5 }
}

function message(content: object): object {
  return { role: 'assistant', content: '', ...content }
}

function reasonOf({ finishReason }: ChatAnswer): string {
  return finishReason ?? 'stop'
}

function line(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
