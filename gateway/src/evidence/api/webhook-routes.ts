import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { isUuid } from '../../uuid.ts'
import { alertKinds } from '../alerts/alert.ts'
import { digestKind } from '../alerts/weekly-digest.ts'
import { newDelivery } from '../webhooks/announce-alert.ts'
import type { Delivery, Webhook } from '../webhooks/webhook.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { invalidBody } from './invalid-body.ts'
import { notFound } from './read-query.ts'

const mostWebhooks = 20
const shownDeliveries = 20

/** `/api/v1/webhooks`: where alerts are sent, signed as Standard Webhooks says. */
export function webhookRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('GET', '/webhooks', list(deps)),
    restRoute('POST', '/webhooks', create(deps)),
    restRoute('GET', '/webhooks/{id}', show(deps)),
    restRoute('DELETE', '/webhooks/{id}', remove(deps)),
    restRoute('POST', '/webhooks/{id}/test', test(deps)),
  ]
}

const webhookSchema = z.object({
  url: z.string().min(1).max(2_048),
  kinds: z
    .array(z.enum([...alertKinds, digestKind]))
    .max(50)
    .nullish(),
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and the base64 of 24 to 64 bytes')
    .nullish(),
})

function list(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ workspaceId }) => {
      const webhooks = await deps.store.listWebhooks(workspaceId)
      return { body: { webhooks: webhooks.map(formatWebhook), total: webhooks.length } }
    },
  })
}

/** The secret is told once, here. */
function create(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: webhookSchema,
    answer: async ({ workspaceId, body }) => {
      deps.webhooks.requireTarget(body.url)
      if ((await deps.store.listWebhooks(workspaceId)).length >= mostWebhooks) {
        throw invalidBody('url', `a workspace has at most ${mostWebhooks} webhooks; delete one first`)
      }
      const secret = body.secret ?? deps.webhooks.newSecret()
      const id = deps.newId()
      const webhook: Webhook = {
        id,
        url: body.url,
        kinds: body.kinds ?? [],
        secret: deps.webhooks.sealSecret(workspaceId, id, secret),
        enabled: true,
        createdAt: deps.now(),
      }
      await deps.store.saveWebhook(workspaceId, webhook)
      return { body: { status: 'ok', ...formatWebhook(webhook), secret } }
    },
  })
}

function show(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const webhook = await requireWebhook(deps, workspaceId, params['id'])
      const deliveries = await deps.store.listDeliveries(workspaceId, webhook.id, shownDeliveries)
      return { body: { ...formatWebhook(webhook), deliveries: deliveries.map(formatDelivery) } }
    },
  })
}

function remove(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const { id } = await requireWebhook(deps, workspaceId, params['id'])
      await deps.store.deleteWebhook(workspaceId, id)
      return { body: { status: 'ok', deleted: true } }
    },
  })
}

/** Queues a message like any other; `GET /webhooks/{id}` shows what became of it. */
function test(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const { id } = await requireWebhook(deps, workspaceId, params['id'])
      const { now, webhooks } = deps
      const options = { now, newMessageId: webhooks.newMessageId }
      const delivery = newDelivery(options, workspaceId, id, 'webhook.test', { webhook_id: id })
      await deps.store.queueDeliveries([delivery])
      return { body: { status: 'ok', delivery_id: delivery.id, state: delivery.state } }
    },
  })
}

async function requireWebhook(
  { store }: EvidenceDependencies,
  workspaceId: string,
  id: string | undefined,
): Promise<Webhook> {
  const known = id !== undefined && isUuid(id) ? await store.listWebhooks(workspaceId) : []
  const webhook = known.find((candidate) => candidate.id === id?.toLowerCase())
  if (webhook === undefined) throw notFound(`There is no webhook ${JSON.stringify((id ?? '').slice(0, 64))}.`)
  return webhook
}

function formatWebhook({ id, url, kinds, enabled, createdAt }: Webhook): object {
  return { id, url, kinds, enabled, created_at: new Date(createdAt).toISOString() }
}

function formatDelivery({ id, state, attempts, lastError, nextAt, createdAt }: Delivery): object {
  return {
    id,
    state,
    attempts,
    last_error: lastError,
    next_attempt_at: state === 'waiting' ? new Date(nextAt).toISOString() : null,
    created_at: new Date(createdAt).toISOString(),
  }
}
