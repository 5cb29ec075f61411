import type { ChatAnswer } from './openai-wire.ts'

const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 }

/** A whole answer of Google's generateContent. */
export function geminiAnswer(answer: ChatAnswer = {}): object {
  return geminiPiece(partsOf(answer), finishReason(answer), usageMetadata)
}

/** How many tokens the prompt of every request has. */
export const geminiTokenCount = {
  totalTokens: 11,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 11 }],
}

/** The same answer in the pieces of a stream; the last one has the finish and the usage. */
export function geminiPieces(answer: ChatAnswer = {}): object[] {
  const parts = partsOf(answer).flatMap(splitPart)
  return [
    ...parts.map((part) => geminiPiece([part])),
    geminiPiece([{ text: '' }], finishReason(answer), usageMetadata),
  ]
}

/** One answer, or one piece of it, in the provider's own form. */
export function geminiPiece(parts: readonly object[], finishReason?: string, usage?: object): object {
  const finish = finishReason === undefined ? {} : { finishReason }
  return {
    candidates: [{ content: { parts, role: 'model' }, ...finish, index: 0 }],
    usageMetadata: usage ?? { promptTokenCount: 11, totalTokenCount: 11 },
    modelVersion: 'gemini-2.5-flash',
    responseId: 'upstream-response',
  }
}

/** Google's embeddings, one of three dimensions for each request of the batch. */
export function geminiEmbeddings({ requests }: Readonly<Record<string, unknown>>): object {
  const count = Array.isArray(requests) ? requests.length : 0
  return {
    embeddings: Array.from({ length: count }, (_, index) => ({ values: [index + 0.5, -0.25, 0.125] })),
  }
}

/** The same of Vertex AI, which counts the tokens of each text. */
export function vertexEmbeddings({ instances }: Readonly<Record<string, unknown>>): object {
  const count = Array.isArray(instances) ? instances.length : 0
  const predictions = Array.from({ length: count }, (_, index) => ({
    embeddings: {
      values: [index + 0.5, -0.25, 0.125],
      statistics: { token_count: 3, truncated: false },
    },
  }))
  return { predictions }
}

/** An error body of Google. */
export function geminiError(code: number, status: string, message: string): object {
  return { error: { code, message, status } }
}

export function formatGeminiStream(pieces: readonly object[]): string {
  return pieces.map((piece) => `data: ${JSON.stringify(piece)}\r\n\r\n`).join('')
}

function partsOf({ content = 'Hello from the upstream.', toolCalls }: ChatAnswer): object[] {
  if (toolCalls === undefined) return [{ text: content }]
  return toolCalls.map((call, index) => {
    const args = JSON.parse(call.arguments) as unknown
    return { functionCall: { id: call.id ?? `function-call-${index}`, name: call.name, args } }
  })
}

function finishReason({ finishReason }: ChatAnswer): string {
  return finishReason ?? 'STOP'
}

function splitPart(part: object): object[] {
  if (!('text' in part)) return [part]
  return String(part.text)
    .split(/(?<= )/)
    .map((text) => ({ text }))
}
