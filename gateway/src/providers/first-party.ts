import type { ProviderProfile } from './wire.ts'

/** Where the built-in demo model answers; the name is reserved and never resolves. */
export const demoBaseUrl = 'http://demo.invalid/v1'

const reasoningSampling = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias']

/** Providers with a wire of their own, and the built-in demo. */
export const firstPartyProviders: readonly ProviderProfile[] = [
  {
    id: 'openai',
    title: 'OpenAI',
    wireId: 'openai',
    responsesWireId: 'openai-responses',
    defaultBaseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    baseUrlVariables: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    auth: 'bearer',
    quirks: {
      modelRules: [
        { models: /^(?:o[1-9](?:-|$)|gpt-5)/, maxTokensField: 'max_completion_tokens' },
        // gpt-5.1 and later accept sampling parameters at some efforts, so only their upstream can tell.
        { models: /^(?:o[1-9](?:-|$)|gpt-5(?:-(?!chat)|$))/, unsupportedParams: reasoningSampling },
      ],
    },
  },
  {
    id: 'anthropic',
    title: 'Anthropic',
    wireId: 'anthropic',
    defaultBaseUrl: 'https://api.anthropic.com/v1',
    keyVariables: ['ANTHROPIC_API_KEY'],
    baseUrlVariables: ['ANTHROPIC_BASE_URL', 'ANTHROPIC_API_BASE'],
    auth: 'x-api-key',
    quirks: {},
  },
  {
    id: 'demo',
    title: 'Demo',
    wireId: 'openai',
    defaultBaseUrl: demoBaseUrl,
    keyVariables: [],
    baseUrlVariables: [],
    auth: 'none',
    quirks: {},
  },
]
