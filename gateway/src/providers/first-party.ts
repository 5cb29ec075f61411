import { agentsOrigin } from './a2a/a2a.ts'
import type { ProviderProfile, ProviderQuirks } from './wire.ts'

/** Where the built-in demo model answers; the name is reserved and never resolves. */
export const demoBaseUrl = 'http://demo.invalid/v1'

const reasoningSampling = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias']

/** What OpenAI's own models need, wherever they run. */
const openaiModels: ProviderQuirks = {
  modelRules: [
    { models: /^(?:o[1-9](?:-|$)|gpt-5)/, maxTokensField: 'max_completion_tokens' },
    // gpt-5.1 and later accept sampling parameters at some efforts, so only their upstream can tell.
    { models: /^(?:o[1-9](?:-|$)|gpt-5(?:-(?!chat)|$))/, unsupportedParams: reasoningSampling },
  ],
}

const azure = {
  title: 'Azure',
  wireId: 'azure',
  defaultBaseUrl: null,
  keyVariables: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
  baseUrlVariables: ['AZURE_API_BASE', 'AZURE_OPENAI_ENDPOINT'],
  accountVariables: {
    api_version: ['AZURE_API_VERSION'],
    azure_ad_token: ['AZURE_AD_TOKEN'],
    tenant_id: ['AZURE_TENANT_ID'],
    client_id: ['AZURE_CLIENT_ID'],
    client_secret: ['AZURE_CLIENT_SECRET'],
    azure_scope: ['AZURE_SCOPE'],
    azure_authority_host: ['AZURE_AUTHORITY_HOST'],
  },
  auth: 'api-key',
  quirks: openaiModels,
} as const

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
    quirks: openaiModels,
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
  { id: 'azure', ...azure, responsesWireId: 'azure-responses' },
  { id: 'azure_text', ...azure },
  {
    ...azure,
    id: 'azure_ai',
    title: 'Azure AI',
    wireId: 'azure_ai',
    keyVariables: ['AZURE_AI_API_KEY'],
    baseUrlVariables: ['AZURE_AI_API_BASE'],
  },
  {
    id: 'bedrock',
    title: 'Bedrock',
    wireId: 'bedrock',
    defaultBaseUrl: null,
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    baseUrlVariables: ['BEDROCK_API_BASE'],
    accountVariables: {
      aws_region_name: ['AWS_REGION_NAME', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
      aws_access_key_id: ['AWS_ACCESS_KEY_ID'],
      aws_secret_access_key: ['AWS_SECRET_ACCESS_KEY'],
      aws_session_token: ['AWS_SESSION_TOKEN'],
      aws_bedrock_runtime_endpoint: ['AWS_BEDROCK_RUNTIME_ENDPOINT'],
      aws_profile_name: [],
      aws_role_name: [],
      aws_web_identity_token: [],
      aws_session_name: ['AWS_ROLE_SESSION_NAME'],
      aws_external_id: [],
      aws_sts_endpoint: [],
      aws_web_identity_token_file: ['AWS_WEB_IDENTITY_TOKEN_FILE'],
      aws_role_arn: ['AWS_ROLE_ARN'],
      aws_shared_credentials_file: ['AWS_SHARED_CREDENTIALS_FILE'],
      model_id: [],
    },
    accountGroups: [['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token']],
    auth: 'bearer',
    quirks: {},
  },
  ...(['cohere', 'cohere_chat'] as const).map((id) => ({
    id,
    title: 'Cohere',
    wireId: 'cohere',
    defaultBaseUrl: 'https://api.cohere.com/v2',
    keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
    baseUrlVariables: ['COHERE_API_BASE', 'CO_API_URL'],
    auth: 'bearer' as const,
    quirks: { rerank: { textDocuments: true, returnsNoDocuments: true } as const },
  })),
  ...(['ollama_chat', 'ollama'] as const).map((id) => ({
    id,
    title: 'Ollama',
    wireId: 'ollama',
    defaultBaseUrl: 'http://localhost:11434',
    keyVariables: ['OLLAMA_API_KEY'],
    baseUrlVariables: ['OLLAMA_API_BASE'],
    auth: 'bearer' as const,
    quirks: {},
  })),
  {
    id: 'gemini',
    title: 'Gemini',
    wireId: 'gemini',
    defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrlVariables: ['GEMINI_API_BASE', 'GOOGLE_GEMINI_BASE_URL'],
    auth: 'x-goog-api-key',
    quirks: {},
  },
  {
    id: 'vertex_ai',
    title: 'Vertex AI',
    wireId: 'vertex',
    modelWires: [{ models: /^claude/, wireId: 'vertex-claude' }],
    defaultBaseUrl: null,
    keyVariables: ['VERTEXAI_API_KEY'],
    baseUrlVariables: ['VERTEXAI_API_BASE'],
    accountVariables: {
      vertex_project: ['VERTEXAI_PROJECT', 'VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT'],
      vertex_location: ['VERTEXAI_LOCATION', 'VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'],
      vertex_credentials: ['VERTEXAI_CREDENTIALS', 'GOOGLE_APPLICATION_CREDENTIALS'],
    },
    accountFiles: ['vertex_credentials'],
    auth: 'x-goog-api-key',
    quirks: { supportsToolCallIds: false },
  },
  {
    id: 'a2a',
    title: 'Agent',
    wireId: 'a2a',
    defaultBaseUrl: agentsOrigin,
    keyVariables: [],
    baseUrlVariables: [],
    auth: 'none',
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
