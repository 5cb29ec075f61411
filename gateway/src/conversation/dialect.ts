/** The protocols a client or a provider may speak; no client speaks those of the second row. */
export type DialectId =
  | ('openai-chat' | 'openai-responses' | 'anthropic-messages' | 'google-generate')
  | ('bedrock-converse' | 'cohere-chat' | 'ollama-chat' | 'a2a-message')
