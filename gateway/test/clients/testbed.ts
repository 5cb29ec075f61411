import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'

/** A gateway in front of one scripted upstream, and what an SDK needs to reach it. */
export interface Testbed {
  readonly gateway: Gateway
  readonly upstream: ScriptedUpstream
  /** The base URL an OpenAI client is given. */
  readonly baseURL: string
  /** A virtual key that may call every model. */
  readonly apiKey: string
  stop(): Promise<void>
}

/** The chat upstreams that every client is run against: its own dialect, and those that need translation. */
export const chatUpstreams = [
  { wire: 'OpenAI', model: 'gpt', upstreamModel: 'gpt-4o-mini' },
  { wire: 'Anthropic', model: 'claude', upstreamModel: 'claude-sonnet-4-5' },
  { wire: 'Gemini', model: 'gemini', upstreamModel: 'gemini-2.5-flash' },
] as const

export async function startTestbed(): Promise<Testbed> {
  const upstream = await startScriptedUpstream()
  const gateway = await startGateway({ config: describeModels(upstream) })
  const { key } = await gateway.createKey()
  return {
    gateway,
    upstream,
    baseURL: `${gateway.url}/v1`,
    apiKey: key,
    async stop() {
      await gateway.stop()
      await upstream.close()
    },
  }
}

function describeModels({ openaiBase, anthropicBase, geminiBase }: ScriptedUpstream): object {
  const entry = (model_name: string, model: string): object => {
    const bases: Readonly<Record<string, string>> = { anthropic: anthropicBase, gemini: geminiBase }
    const api_base = bases[model.split('/', 1)[0] ?? ''] ?? openaiBase
    return { model_name, litellm_params: { model, api_base, api_key: 'sk-upstream' } }
  }
  return {
    model_list: [
      ...chatUpstreams.map(({ wire, model, upstreamModel }) =>
        entry(model, `${wire.toLowerCase()}/${upstreamModel}`),
      ),
      entry('gemini-thinker', 'gemini/gemini-3-pro-preview'),
      entry('claude-adaptive', 'anthropic/claude-opus-4-6'),
      entry('claude-older', 'anthropic/claude-3-5-haiku-latest'),
      entry('instruct', 'openai/gpt-3.5-turbo-instruct'),
      entry('embedder', 'openai/text-embedding-3-small'),
      entry('gemini-embedder', 'gemini/gemini-embedding-001'),
      entry('float-embedder', 'voyage/voyage-3'),
      entry('vendor/team/gpt', 'openai/gpt-4.1'),
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true },
  }
}
