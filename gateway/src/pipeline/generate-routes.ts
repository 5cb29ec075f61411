import type { Endpoint } from '../http/dispatch.ts'
import type { Exchange } from '../http/exchange.ts'
import { queryOf } from '../http/path.ts'
import { acceptQueryKey } from '../http/query-key.ts'
import type { Route } from '../http/router.ts'
import {
  googleGenerateArrayProtocol,
  googleGenerateProtocol,
} from '../protocols/google-generate/google-generate.ts'
import { readPathModel } from '../protocols/google-generate/path-model.ts'
import { countTokens } from './count-tokens.ts'
import type { Gateway } from './gateway.ts'
import { handleRequest } from './handle-request.ts'
import type { Arrival } from './model-request.ts'

/** Where Google's clients look for a model. A path without a version answers under `/v1` too. */
const places = [
  '/models/{model+}',
  '/tunedModels/{tunedModel+}',
  '/publishers/google/models/{model+}',
  '/projects/{project}/locations/{location}/publishers/google/models/{model+}',
  '/v1beta/models/{model+}',
  '/v1beta/tunedModels/{tunedModel+}',
  '/v1beta/publishers/google/models/{model+}',
  '/v1beta1/publishers/google/models/{model+}',
  '/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model+}',
]

/** The routes of generateContent: a model and, behind a colon, what is wanted of it. */
export function generateRoutes(gateway: Gateway): Route<Endpoint>[] {
  return places.flatMap((place) => [
    route(`${place}:generateContent`, (arrival) => handleRequest(gateway, arrival)),
    route(`${place}:streamGenerateContent`, (arrival) =>
      handleRequest(gateway, { ...arrival, pathStream: true }),
    ),
    route(`${place}:countTokens`, (arrival) => countTokens(gateway, arrival)),
    ...['embedContent', 'batchEmbedContents'].map((verb) =>
      route(`${place}:${verb}`, (arrival) => handleRequest(gateway, { ...arrival, operation: 'embedding' })),
    ),
  ])
}

function route(template: string, answer: (arrival: Arrival) => Promise<void>): Route<Endpoint> {
  const handler: Endpoint = {
    errors: 'google-generate',
    handle: (exchange, params) => answer(readArrival(exchange, params)),
  }
  const aliased = !template.startsWith('/v1beta')
  return { method: 'POST', template, auth: 'user', aliased, handler }
}

function readArrival(exchange: Exchange, { model, tunedModel }: Readonly<Record<string, string>>): Arrival {
  const query = queryOf(exchange.target)
  acceptQueryKey(exchange, query)
  return {
    exchange,
    operation: 'chat',
    protocol: query.get('alt') === 'sse' ? googleGenerateProtocol : googleGenerateArrayProtocol,
    pathModel: model === undefined ? `tunedModels/${tunedModel}` : readPathModel(model),
    pathStream: false,
  }
}
