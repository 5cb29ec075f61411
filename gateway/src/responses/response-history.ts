import { GatewayError } from '@routeiq/contract'
import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../conversation/json-value.ts'
import { locateItem } from '../conversation/response-item-id.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { editMembers, type MemberEdits } from '../json/edit-members.ts'
import { scanObject } from '../json/object-members.ts'
import type { History } from '../pipeline/history.ts'
import type { ModelRequest } from '../pipeline/model-request.ts'
import type { ResponseStore } from '../storage/response-store.ts'
import { findDeployment } from './find-deployment.ts'
import { listInput, type ResponseContent, type Turn } from './response-content.ts'
import type { ResponseIds } from './response-id.ts'
import { ownerOf } from './response-owner.ts'

/** How long a response is kept. */
const keptForMs = 30 * 24 * 3_600_000

export interface HistoryDependencies {
  readonly store: ResponseStore
  readonly content: ResponseContent
  readonly ids: ResponseIds
  /** Told when an answer could not be kept. */
  readonly onLost: (requestId: string, error: unknown) => void
  readonly now: () => number
}

/** The memory of the Responses dialect: answers of our own are in the store, those of OpenAI stay with OpenAI. */
export class ResponseHistory implements History {
  readonly #deps: HistoryDependencies

  constructor(deps: HistoryDependencies) {
    this.#deps = deps
  }

  resume(request: ModelRequest): ModelRequest | Promise<ModelRequest> {
    const previousId = readText(request.body['previous_response_id'])
    const hasReferences = readList(request.body['input']).some(isReference)
    if (previousId === null && !hasReferences) return request
    const owner = ownerOf(request.caller)
    const kept = previousId === null ? null : this.#deps.ids.open(owner, previousId)
    return kept === null
      ? this.#expand(request, previousId, owner)
      : bind(request, kept.deploymentId, kept.upstreamId)
  }

  async #expand(request: ModelRequest, previousId: string | null, owner: string): Promise<ModelRequest> {
    const earlier = previousId === null ? [] : await this.#recall(previousId, owner)
    const input = await this.#resolve(listInput(request.body['input']), owner)
    return rewrite(request, [...earlier, ...input])
  }

  async keep(request: ModelRequest, response: JsonRecord): Promise<void> {
    const { store, content, now } = this.#deps
    const createdAt = now()
    const owner = ownerOf(request.caller)
    try {
      const input = await this.#resolve(listInput(request.clientBody['input']), owner)
      const id = readString(response['id']) ?? ''
      await store.save({
        id,
        owner,
        previousId: readText(request.clientBody['previous_response_id']),
        model: request.requestedModel,
        content: content.write(id, { input, response }),
        createdAt,
        expiresAt: createdAt + keptForMs,
      })
    } catch (error) {
      this.#deps.onLost(request.exchange.requestId, error)
    }
  }

  publicId(request: ModelRequest, deployment: Deployment, upstreamId: string): string {
    return this.#deps.ids.seal(ownerOf(request.caller), { deploymentId: deployment.id, upstreamId })
  }

  /** The items of a whole conversation. */
  async #recall(id: string, owner: string): Promise<readonly JsonRecord[]> {
    const chain = await this.#deps.store.findChain(id, owner)
    const missing = chain.length === 0 ? id : chain[0]?.previousId
    if (missing != null) throw responseNotFound(missing)
    return chain.flatMap((stored) => {
      const turn = this.#deps.content.read(stored.id, stored.content)
      if (turn === null) throw responseNotFound(stored.id)
      return [...turn.input, ...readRecords(turn.response['output'])]
    })
  }

  /** Puts the gateway's own items where a client only refers to them; other references are the provider's. */
  async #resolve(items: readonly JsonRecord[], owner: string): Promise<readonly JsonRecord[]> {
    const turns = new Map<string, Turn | null>()
    const resolved: JsonRecord[] = []
    for (const item of items) {
      const place = isReference(item) ? locateItem(readString(item['id']) ?? '') : null
      if (place === null) {
        resolved.push(item)
        continue
      }
      if (!turns.has(place.responseId)) turns.set(place.responseId, await this.#find(place.responseId, owner))
      const found = readRecords(turns.get(place.responseId)?.response['output'])[place.index]
      resolved.push(found ?? item)
    }
    return resolved
  }

  async #find(id: string, owner: string): Promise<Turn | null> {
    const stored = await this.#deps.store.find(id, owner)
    return stored === null ? null : this.#deps.content.read(stored.id, stored.content)
  }
}

/** The refusal of a reference to a response; the same whether it never existed or is another caller's. */
function responseNotFound(id: string): GatewayError {
  const message = `Previous response with id '${id}' not found.`
  return new GatewayError('previous_response_not_found', message, { param: 'previous_response_id' })
}

function isReference(item: unknown): boolean {
  return readRecord(item)?.['type'] === 'item_reference'
}

/** The request for the account that keeps what it continues, in that account's terms. */
function bind(request: ModelRequest, deploymentId: string, upstreamId: string): ModelRequest {
  const boundTo = findDeployment(request.runtime.routing, deploymentId)
  if (boundTo === null) throw responseNotFound(String(request.body['previous_response_id']))
  const body = { ...request.body, previous_response_id: upstreamId }
  const set = new Map([['previous_response_id', JSON.stringify(upstreamId)]])
  return { ...request, ...editBytes(request, { set, remove: new Set() }), body, boundTo }
}

/** The request with its whole conversation as input. */
function rewrite(request: ModelRequest, input: readonly JsonRecord[]): ModelRequest {
  const { previous_response_id: _, ...rest } = request.body
  const set = new Map([['input', JSON.stringify(input)]])
  const edits = { set, remove: new Set(['previous_response_id']) }
  return { ...request, ...editBytes(request, edits), body: { ...rest, input } }
}

function editBytes(request: ModelRequest, edits: MemberEdits): Pick<ModelRequest, 'bytes' | 'members'> {
  const bytes = editMembers(request.bytes, request.members, edits)
  const members = scanObject(bytes)
  if (members === null) throw new Error('an edited body is no JSON object any more')
  return { bytes, members }
}
