/** The protocols a client or a provider may speak. */
export type DialectId = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'google-generate'
