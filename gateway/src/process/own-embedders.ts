import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { UserEgressConfig } from '../config/config.ts'
import { isSealedSecret, type KeyRing, type SealedPlace } from '../secrets/key-ring.ts'
import type {
  WorkspaceEmbedder,
  WorkspaceEmbedderStore,
} from '../skill-router/embedding/workspace-embedder.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { postForBytes } from '../transport/fetch-bytes.ts'
import { createUserTransport } from './network-transport.ts'

const maxBytes = 64 * 1_048_576
const timeoutMs = 30_000

const answerSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })),
})

/** The embedding servers of workspaces: checked before they are kept, called only where users' addresses may lead. */
export class OwnEmbedders {
  readonly #store: WorkspaceEmbedderStore
  readonly #egress: UserEgress
  readonly #transport
  readonly #keyRing: KeyRing

  constructor(store: WorkspaceEmbedderStore, policy: UserEgressConfig, keyRing: KeyRing) {
    this.#store = store
    this.#egress = new UserEgress(policy)
    this.#transport = createUserTransport(this.#egress)
    this.#keyRing = keyRing
  }

  list(): Promise<readonly WorkspaceEmbedder[]> {
    return this.#store.list()
  }

  /**
   * Errors: `invalid_request` for an address that may not be called, and for a server that does not give such vectors;
   * `encryption_not_configured` for a key that cannot be kept.
   */
  async set(embedder: WorkspaceEmbedder): Promise<void> {
    const refusal = this.#egress.refuseUrl(embedder.url)
    if (refusal !== null)
      throw new GatewayError('invalid_request', `This URL may not be called: ${refusal}.`, { param: 'url' })
    const { workspaceId, apiKey } = embedder
    const sealed = apiKey === null ? null : this.#keyRing.seal(placeOf(workspaceId), apiKey)
    const stored = { ...embedder, apiKey: sealed }
    const [vector] = await this.embed(stored, ['A text to try it out']).catch((error: unknown) => {
      throw new GatewayError('invalid_request', `The embedder could not be used: ${messageOf(error)}.`, {
        param: 'url',
      })
    })
    if (vector?.length !== embedder.dimensions)
      throw new GatewayError(
        'invalid_request',
        `The model gives vectors of ${vector?.length ?? 0} dimensions, not ${embedder.dimensions}.`,
        { param: 'dimensions' },
      )
    await this.#store.set(stored)
  }

  remove(workspaceId: string): Promise<boolean> {
    return this.#store.remove(workspaceId)
  }

  /** Errors: whatever keeps the server from answering. */
  async embed(
    { workspaceId, url, model, apiKey }: WorkspaceEmbedder,
    texts: readonly string[],
  ): Promise<readonly (readonly number[])[]> {
    const key = apiKey === null ? null : this.#open(workspaceId, apiKey)
    if (apiKey !== null && key === null)
      throw new Error('its key was encrypted with a key that is not configured; set it again')
    const { bytes } = await postForBytes(url, {
      ...{ transport: this.#transport, refuseHost: this.#egress.refuseHost, maxBytes, timeoutMs },
      accept: 'application/json',
      headers: [
        ...['content-type', 'application/json'],
        ...(key === null ? [] : ['authorization', `Bearer ${key}`]),
      ],
      body: Buffer.from(JSON.stringify({ model, input: texts, encoding_format: 'float' })),
    })
    const answer = answerSchema.safeParse(parse(bytes))
    if (!answer.success || answer.data.data.length !== texts.length)
      throw new Error('the answer is not that of an embedding')
    return answer.data.data
      .toSorted((left, right) => left.index - right.index)
      .map(({ embedding }) => embedding)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  /** What is not sealed is from before it always was. */
  #open(workspaceId: string, stored: string): string | null {
    return isSealedSecret(stored) ? this.#keyRing.open(placeOf(workspaceId), stored) : stored
  }
}

const placeOf = (row: string): SealedPlace => ({ table: 'workspace_embedders', row })

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'it does not answer')
