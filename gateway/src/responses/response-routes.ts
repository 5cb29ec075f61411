import { GatewayError } from '@routeiq/contract'
import { parseJson, readRecord, readText } from '../conversation/json-value.ts'
import { requireModelAllowed } from '../deployments/allowed-models.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { resolveModel } from '../deployments/resolve-model.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Exchange } from '../http/exchange.ts'
import { queryOf } from '../http/path.ts'
import type { Method, Route } from '../http/router.ts'
import type { Caller } from '../identity/caller.ts'
import { authenticate, type Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { editResponse } from '../protocols/openai-responses/edit-response.ts'
import { concealEncrypted } from '../protocols/openai-responses/format-stream.ts'
import type { ResponseStore } from '../storage/response-store.ts'
import type { Transport } from '../transport/transport.ts'
import { askKeeper } from './ask-keeper.ts'
import { findDeployment } from './find-deployment.ts'
import { listInputItems } from './list-input-items.ts'
import type { ResponseContent, Turn } from './response-content.ts'
import type { KeptUpstream, ResponseIds } from './response-id.ts'
import { ownerOf } from './response-owner.ts'

export interface ResponseRoutesDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly transport: Transport
  readonly store: ResponseStore
  readonly content: ResponseContent
  readonly ids: ResponseIds
}

/** What is done with one response, kept here or by its provider. */
interface Action {
  readonly method: Method
  readonly suffix: string
  answerOwn(id: string, turn: Turn, owner: string, exchange: Exchange): unknown
}

/** The routes of responses that were kept. */
export function responseRoutes(deps: ResponseRoutesDependencies): Route<Endpoint>[] {
  const get: Action = {
    method: 'GET',
    suffix: '',
    answerOwn: (_id, { response }) => concealEncrypted(response),
  }
  const remove: Action = {
    method: 'DELETE',
    suffix: '',
    answerOwn: async (id, _turn, owner) => {
      await deps.store.delete(id, owner)
      return { id, object: 'response', deleted: true }
    },
  }
  const cancel: Action = { method: 'POST', suffix: '/cancel', answerOwn: refuseCancel }
  const items: Action = {
    method: 'GET',
    suffix: '/input_items',
    answerOwn: (id, { input }, _owner, exchange) => listInputItems(input, id, queryOf(exchange.target)),
  }
  return ['/responses', '/openai/v1/responses', '/openai/responses'].flatMap((root) =>
    [get, remove, cancel, items].map((action) => ({
      method: action.method,
      template: `${root}/{id}${action.suffix}`,
      auth: 'user' as const,
      aliased: root === '/responses',
      handler: endpointOf(action, deps),
    })),
  )
}

function endpointOf(action: Action, deps: ResponseRoutesDependencies): Endpoint {
  return {
    errors: 'openai-responses',
    handle: async (exchange, params, route) => {
      const caller = await authenticate(deps.identity, exchange, route.auth)
      const id = params['id'] ?? ''
      const owner = ownerOf(caller)
      const kept = deps.ids.open(owner, id)
      if (kept !== null) {
        exchange.sendBytes(200, jsonHead, await answerKept(action, id, kept, caller, exchange, deps))
        return
      }
      const stored = await deps.store.find(id, owner)
      const turn = stored === null ? null : deps.content.read(id, stored.content)
      if (turn === null) throw noSuchResponse(id)
      exchange.sendJson(200, await action.answerOwn(id, turn, owner, exchange))
    },
  }
}

const jsonHead = ['content-type', 'application/json'] as const

/** The provider's answer, with the ids its client knows. */
async function answerKept(
  { method, suffix }: Action,
  id: string,
  { deploymentId, upstreamId }: KeptUpstream,
  caller: Caller,
  exchange: Exchange,
  deps: ResponseRoutesDependencies,
): Promise<Buffer> {
  const { routing } = deps.runtime()
  const deployment = findDeployment(routing, deploymentId)
  if (deployment === null) throw noSuchResponse(id)
  requireModelAllowed(caller.grants, caller.layers, resolveModel(routing, deployment.group, caller.naming))
  const query = queryOf(exchange.target).toString()
  const call = {
    method: method === 'DELETE' || method === 'POST' ? method : 'GET',
    below: `${encodeURIComponent(upstreamId)}${suffix}`,
    search: query === '' ? '' : `?${query}`,
  } as const
  const answer = await askKeeper(deployment, call, deps.transport, exchange)
  return suffix === '/input_items' ? answer : restoreIds(answer, deployment, ownerOf(caller), deps)
}

function restoreIds(
  answer: Buffer,
  deployment: Deployment,
  owner: string,
  { ids }: ResponseRoutesDependencies,
): Buffer {
  const response = readRecord(parseJson(answer.toString('utf8')))
  if (response === null) return answer
  const publicId = (upstreamId: string): string =>
    ids.seal(owner, { deploymentId: deployment.id, upstreamId })
  const previous = readText(response['previous_response_id'])
  const options = {
    requestedModel: deployment.group,
    publicId,
    previousId: previous === null ? null : publicId(previous),
  }
  return editResponse(answer, response, options) ?? answer
}

function refuseCancel(): never {
  throw new GatewayError('invalid_request', 'Only a background response can be cancelled.', {
    param: 'response_id',
  })
}

function noSuchResponse(id: string): GatewayError {
  return new GatewayError('previous_response_not_found', `Response with id '${id}' not found.`, {
    param: 'response_id',
  })
}
