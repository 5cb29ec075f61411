import type { ProviderProfile, ProviderQuirks } from './wire.ts'

/** Vendors of the OpenAI wire that know neither the `developer` role nor `max_completion_tokens`. */
const classic: ProviderQuirks = { maxTokensField: 'max_tokens', supportsDeveloperRole: false }
/** Vendors that take either token limit but not the `developer` role. */
const lenient: ProviderQuirks = { supportsDeveloperRole: false }

interface VendorRow {
  readonly id: string
  readonly title: string
  readonly url: string | null
  readonly keys: readonly string[]
  readonly quirks?: ProviderQuirks
  readonly bases?: readonly string[]
  readonly auth?: ProviderProfile['auth']
  readonly account?: ProviderProfile['accountVariables']
}

const mistral: ProviderQuirks = {
  ...classic,
  supportsStreamUsage: false,
  toolIdPattern: 'alphanumeric-9',
  forbidsUserAfterTool: true,
  requiredToolChoice: 'any',
  renamedParams: { seed: 'random_seed' },
  unsupportedParams: ['user', 'logit_bias', 'logprobs', 'top_logprobs'],
}

const rows: readonly VendorRow[] = [
  {
    id: 'openrouter',
    title: 'OpenRouter',
    url: 'https://openrouter.ai/api/v1',
    keys: ['OPENROUTER_API_KEY'],
    quirks: { reasoningField: 'reasoning' },
  },
  {
    id: 'deepseek',
    title: 'DeepSeek',
    url: 'https://api.deepseek.com',
    keys: ['DEEPSEEK_API_KEY'],
    quirks: { ...classic, supportsJsonSchema: false, reasoningField: 'reasoning_content' },
  },
  {
    id: 'groq',
    title: 'Groq',
    url: 'https://api.groq.com/openai/v1',
    keys: ['GROQ_API_KEY'],
    quirks: {
      ...lenient,
      reasoningField: 'reasoning',
      unsupportedParams: ['logprobs', 'top_logprobs', 'logit_bias', 'n'],
    },
  },
  {
    id: 'together_ai',
    title: 'Together AI',
    url: 'https://api.together.xyz/v1',
    keys: ['TOGETHERAI_API_KEY', 'TOGETHER_API_KEY'],
    quirks: classic,
  },
  {
    id: 'fireworks_ai',
    title: 'Fireworks AI',
    url: 'https://api.fireworks.ai/inference/v1',
    keys: ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY'],
    quirks: { ...classic, modelPrefix: 'accounts/fireworks/models/' },
  },
  {
    id: 'xai',
    title: 'xAI',
    url: 'https://api.x.ai/v1',
    keys: ['XAI_API_KEY'],
    quirks: {
      ...lenient,
      modelRules: [
        {
          models: /^grok-(?:3-mini|4)(?!.*non-reasoning)/,
          unsupportedParams: ['stop', 'frequency_penalty', 'presence_penalty'],
        },
      ],
    },
  },
  {
    id: 'perplexity',
    title: 'Perplexity',
    url: 'https://api.perplexity.ai',
    keys: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    quirks: classic,
  },
  {
    id: 'mistral',
    title: 'Mistral',
    url: 'https://api.mistral.ai/v1',
    keys: ['MISTRAL_API_KEY'],
    quirks: mistral,
  },
  {
    id: 'codestral',
    title: 'Codestral',
    url: 'https://codestral.mistral.ai/v1',
    keys: ['CODESTRAL_API_KEY'],
    quirks: mistral,
  },
  {
    id: 'cerebras',
    title: 'Cerebras',
    url: 'https://api.cerebras.ai/v1',
    keys: ['CEREBRAS_API_KEY'],
    quirks: lenient,
  },
  {
    id: 'nvidia_nim',
    title: 'NVIDIA NIM',
    url: 'https://integrate.api.nvidia.com/v1',
    keys: ['NVIDIA_NIM_API_KEY', 'NVIDIA_API_KEY'],
    quirks: classic,
  },
  {
    id: 'sambanova',
    title: 'SambaNova',
    url: 'https://api.sambanova.ai/v1',
    keys: ['SAMBANOVA_API_KEY'],
    quirks: classic,
  },
  {
    id: 'deepinfra',
    title: 'DeepInfra',
    url: 'https://api.deepinfra.com/v1/openai',
    keys: ['DEEPINFRA_API_KEY'],
    quirks: classic,
  },
  {
    id: 'hyperbolic',
    title: 'Hyperbolic',
    url: 'https://api.hyperbolic.xyz/v1',
    keys: ['HYPERBOLIC_API_KEY'],
    quirks: classic,
  },
  {
    id: 'novita',
    title: 'Novita',
    url: 'https://api.novita.ai/v3/openai',
    keys: ['NOVITA_API_KEY'],
    quirks: classic,
  },
  {
    id: 'nebius',
    title: 'Nebius',
    url: 'https://api.studio.nebius.ai/v1',
    keys: ['NEBIUS_API_KEY'],
    quirks: classic,
  },
  {
    id: 'moonshot',
    title: 'Moonshot',
    url: 'https://api.moonshot.ai/v1',
    keys: ['MOONSHOT_API_KEY'],
    quirks: classic,
  },
  {
    id: 'minimax',
    title: 'MiniMax',
    url: 'https://api.minimax.io/v1',
    keys: ['MINIMAX_API_KEY'],
    quirks: classic,
  },
  {
    id: 'zai',
    title: 'Z.ai',
    url: 'https://api.z.ai/api/paas/v4',
    keys: ['ZAI_API_KEY'],
    quirks: { ...classic, supportsJsonSchema: false },
  },
  {
    id: 'dashscope',
    title: 'DashScope',
    url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keys: ['DASHSCOPE_API_KEY'],
    quirks: classic,
  },
  {
    id: 'volcengine',
    title: 'Volcengine',
    url: 'https://ark.cn-beijing.volces.com/api/v3',
    keys: ['VOLCENGINE_API_KEY', 'ARK_API_KEY'],
    quirks: classic,
  },
  {
    id: 'siliconflow',
    title: 'SiliconFlow',
    url: 'https://api.siliconflow.cn/v1',
    keys: ['SILICONFLOW_API_KEY'],
    quirks: classic,
  },
  {
    id: 'huggingface',
    title: 'Hugging Face',
    url: 'https://router.huggingface.co/v1',
    keys: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
    quirks: classic,
  },
  {
    id: 'github',
    title: 'GitHub Models',
    url: 'https://models.github.ai/inference',
    keys: ['GITHUB_API_KEY', 'GITHUB_TOKEN'],
    quirks: lenient,
  },
  {
    id: 'vercel_ai_gateway',
    title: 'Vercel AI Gateway',
    url: 'https://ai-gateway.vercel.sh/v1',
    keys: ['VERCEL_AI_GATEWAY_API_KEY', 'AI_GATEWAY_API_KEY'],
    quirks: lenient,
  },
  { id: 'v0', title: 'v0', url: 'https://api.v0.dev/v1', keys: ['V0_API_KEY'], quirks: lenient },
  {
    id: 'featherless_ai',
    title: 'Featherless AI',
    url: 'https://api.featherless.ai/v1',
    keys: ['FEATHERLESS_AI_API_KEY'],
    quirks: classic,
  },
  {
    id: 'baseten',
    title: 'Baseten',
    url: 'https://inference.baseten.co/v1',
    keys: ['BASETEN_API_KEY'],
    quirks: classic,
  },
  {
    id: 'nscale',
    title: 'Nscale',
    url: 'https://inference.api.nscale.com/v1',
    keys: ['NSCALE_API_KEY'],
    quirks: classic,
  },
  {
    id: 'friendliai',
    title: 'FriendliAI',
    url: 'https://api.friendli.ai/serverless/v1',
    keys: ['FRIENDLI_TOKEN'],
    quirks: classic,
  },
  {
    id: 'meta_llama',
    title: 'Meta Llama',
    url: 'https://api.llama.com/compat/v1',
    keys: ['LLAMA_API_KEY'],
    quirks: lenient,
  },
  {
    id: 'wandb',
    title: 'Weights & Biases',
    url: 'https://api.inference.wandb.ai/v1',
    keys: ['WANDB_API_KEY'],
    quirks: classic,
  },
  {
    id: 'scaleway',
    title: 'Scaleway',
    url: 'https://api.scaleway.ai/v1',
    keys: ['SCW_SECRET_KEY'],
    quirks: classic,
  },
  { id: 'ovhcloud', title: 'OVHcloud', url: null, keys: ['OVHCLOUD_API_KEY'], quirks: classic },
  {
    id: 'databricks',
    title: 'Databricks',
    url: null,
    keys: ['DATABRICKS_API_KEY', 'DATABRICKS_TOKEN'],
    quirks: { ...classic, basePath: '/serving-endpoints', answersInParts: true },
  },
  {
    id: 'cloudflare',
    title: 'Cloudflare',
    url: 'https://api.cloudflare.com/client/v4/accounts/{cloudflare_account_id}/ai/v1',
    keys: ['CLOUDFLARE_API_KEY'],
    account: { cloudflare_account_id: ['CLOUDFLARE_ACCOUNT_ID'] },
    quirks: classic,
  },
  {
    id: 'voyage',
    title: 'Voyage',
    url: 'https://api.voyageai.com/v1',
    keys: ['VOYAGE_API_KEY'],
    quirks: { supportsBase64Embeddings: false, rerank: { topField: 'top_k', textDocuments: true } },
  },
  {
    id: 'jina_ai',
    title: 'Jina AI',
    url: 'https://api.jina.ai/v1',
    keys: ['JINA_AI_API_KEY', 'JINA_API_KEY'],
    quirks: { supportsBase64Embeddings: false },
  },
  {
    id: 'hosted_vllm',
    title: 'vLLM',
    url: 'http://localhost:8000/v1',
    keys: ['HOSTED_VLLM_API_KEY'],
    quirks: lenient,
  },
  {
    id: 'vllm',
    title: 'vLLM',
    url: 'http://localhost:8000/v1',
    keys: ['HOSTED_VLLM_API_KEY'],
    bases: ['VLLM_API_BASE', 'HOSTED_VLLM_API_BASE'],
    quirks: lenient,
  },
  {
    id: 'lm_studio',
    title: 'LM Studio',
    url: 'http://localhost:1234/v1',
    keys: ['LM_STUDIO_API_KEY'],
    quirks: classic,
  },
  {
    id: 'llamafile',
    title: 'llamafile',
    url: 'http://localhost:8080/v1',
    keys: ['LLAMAFILE_API_KEY'],
    quirks: classic,
  },
  {
    id: 'docker_model_runner',
    title: 'Docker Model Runner',
    url: 'http://localhost:12434/engines/v1',
    keys: ['DOCKER_MODEL_RUNNER_API_KEY'],
    quirks: classic,
  },
  {
    id: 'litellm_proxy',
    title: 'LiteLLM Proxy',
    url: null,
    keys: ['LITELLM_PROXY_API_KEY'],
    quirks: { forwardedHeaderPrefix: 'x-litellm-' },
  },
  { id: 'custom_openai', title: 'OpenAI', url: null, keys: [] },
]

/** Every vendor that speaks the OpenAI wire, beside OpenAI itself. Adding one is adding a row. */
export const compatibleVendors: readonly ProviderProfile[] = rows.map((row) => ({
  id: row.id,
  title: row.title,
  wireId: 'openai',
  defaultBaseUrl: row.url,
  keyVariables: row.keys,
  baseUrlVariables: row.bases ?? [`${row.id.toUpperCase()}_API_BASE`],
  ...(row.account === undefined ? {} : { accountVariables: row.account }),
  auth: row.auth ?? 'bearer',
  quirks: row.quirks ?? {},
}))
