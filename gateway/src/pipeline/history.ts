import type { JsonRecord } from '../conversation/json-value.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { KeepAnswer } from '../relay/translated.ts'
import type { ModelRequest } from './model-request.ts'

/** The memory of a dialect whose requests may refer to earlier answers. */
export interface History {
  /**
   * The request with what it refers to put in its place. A request that refers to nothing comes back as it is, at once
   * and without a look at any store. Errors: 404 `previous_response_not_found`, for answers of other callers too.
   */
  resume(request: ModelRequest): ModelRequest | Promise<ModelRequest>
  /** Keeps a whole answer. Never rejects: an answer that could not be kept is the client's all the same. */
  keep(request: ModelRequest, answer: JsonRecord): Promise<void>
  /** The id under which the caller finds an answer that the provider itself keeps. */
  publicId(request: ModelRequest, deployment: Deployment, upstreamId: string): string
}

/** What keeps the answer to this request, null when nothing shall. */
export function keeperOf(request: ModelRequest): KeepAnswer | null {
  const { history } = request
  if (history === null || request.clientBody['store'] === false) return null
  return (answer) => history.keep(request, answer)
}
