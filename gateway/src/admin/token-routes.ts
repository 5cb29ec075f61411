import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { requireModelAllowed } from '../deployments/allowed-models.ts'
import { resolveModel } from '../deployments/resolve-model.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Caller } from '../identity/caller.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { parseChatRequest } from '../protocols/openai-chat/parse-request.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { TokenCount, TokenCounter } from '../tokens/token-counter.ts'

export interface TokenRoutesDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly tokens: TokenCounter
}

const bodySchema = z.looseObject({
  model: z.string().min(1),
  prompt: z.union([z.string(), z.array(z.string())]).nullish(),
  messages: z.array(z.unknown()).nullish(),
})

type Body = z.infer<typeof bodySchema>

/** `POST /utils/token_counter`: how many tokens a prompt has for a model, without asking a provider. */
export function tokenRoutes({ identity, runtime, tokens }: TokenRoutesDependencies): Route<Endpoint>[] {
  return [
    {
      method: 'POST',
      template: '/utils/token_counter',
      auth: 'user',
      handler: controlEndpoint({
        identity,
        errors: 'openai-chat',
        body: bodySchema,
        maxBodyBytes: () => runtime().config.server.maxRequestBytes,
        answer: async ({ caller, body }) => {
          const upstreamModel = findUpstreamModel(runtime(), body.model, caller)
          const count = await countBody(tokens, body, upstreamModel)
          return {
            body: {
              total_tokens: count.tokens,
              request_model: body.model,
              model_used: upstreamModel,
              tokenizer_type: count.method === 'tokenizer' ? 'openai_tokenizer' : 'estimate',
            },
          }
        },
      }),
    },
  ]
}

/** The model behind a name; a name that stands for none is counted as it is. Errors: 403 for a model not granted. */
function findUpstreamModel({ routing }: Runtime, model: string, caller: Caller | null): string {
  if (caller === null) return model
  try {
    const resolution = resolveModel(routing, model, caller.naming)
    requireModelAllowed(caller.grants, caller.layers, resolution)
    return resolution.group.deployments[0]?.upstreamModel ?? model
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_model') return model
    throw error
  }
}

function countBody(tokens: TokenCounter, body: Body, upstreamModel: string): Promise<TokenCount> {
  const { prompt, messages } = body
  if (messages !== undefined && messages !== null) return tokens.count(parseChatRequest(body), upstreamModel)
  if (prompt !== undefined && prompt !== null)
    return tokens.countTexts(typeof prompt === 'string' ? [prompt] : prompt, upstreamModel)
  throw new GatewayError('invalid_request', '`messages` or `prompt` is required.', { param: 'messages' })
}
