import type { ConversationRequest } from './request.ts'

/** A minimal request for tests, with what the test is about on top. */
export function sampleRequest(members: Partial<ConversationRequest> = {}): ConversationRequest {
  return {
    dialect: 'openai-chat',
    model: 'group',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    maxOutputTokens: null,
    sampling: {
      temperature: null,
      topP: null,
      topK: null,
      seed: null,
      frequencyPenalty: null,
      presencePenalty: null,
    },
    stop: [],
    choiceCount: 1,
    responseFormat: null,
    reasoning: null,
    webSearch: null,
    user: null,
    metadata: null,
    serviceTier: null,
    stream: false,
    streamUsage: false,
    extra: {},
    ...members,
  }
}
