import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { isUuid } from '../../uuid.ts'
import { type Alert, alertKinds } from '../alerts/alert.ts'
import { watchWorkspace } from '../alerts/alert-watch.ts'
import { sendDigest } from '../alerts/weekly-digest.ts'
import { announceAlert, formatAlert } from '../webhooks/announce-alert.ts'
import { AnalyticsReader } from './analytics-reader.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { invalidQuery, notFound, readNumber, readText } from './read-query.ts'

/** `/api/v1/alerts` and `/api/v1/alert-rules`. */
export function alertRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('GET', '/alerts', listAlerts(deps)),
    restRoute('POST', '/alerts/evaluate', evaluate(deps)),
    restRoute('POST', '/alerts/digest', digest(deps)),
    restRoute('POST', '/alerts/{id}/ack', acknowledge(deps)),
    restRoute('GET', '/alert-rules', listRules(deps)),
    restRoute('POST', '/alert-rules', saveRule(deps)),
  ]
}

function listAlerts(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const limit = readNumber(query, 'limit', { fallback: 50, most: 500 })
      const after = readText(query, 'cursor')
      if (after !== null && !isUuid(after)) throw invalidQuery('cursor', 'is not one this gateway gave')
      const alerts = await deps.store.listAlerts(workspaceId, {
        state: readText(query, 'state'),
        kind: readText(query, 'kind'),
        since: readSince(query),
        limit: limit + 1,
        after,
      })
      const page = alerts.slice(0, limit)
      const next = alerts.length > limit ? (page.at(-1)?.id ?? null) : null
      return { body: { alerts: page.map(formatAlert), next_cursor: next } }
    },
  })
}

function readSince(query: URLSearchParams): number | null {
  const text = readText(query, 'since')
  if (text === null) return null
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw invalidQuery('since', 'is not an ISO 8601 time')
  return time
}

/** Looks now instead of within a quarter of an hour. */
function evaluate(deps: EvidenceDependencies): Endpoint {
  const { store, skills, now, newId } = deps
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ workspaceId }) => {
      const { newMessageId } = deps.webhooks
      const announce = (workspace: string, alert: Alert) =>
        announceAlert({ store, now, newMessageId }, workspace, alert)
      const opened = await watchWorkspace({ store, skills, announce, now, newId }, workspaceId)
      return { body: { status: 'ok', opened: opened.map(formatAlert) } }
    },
  })
}

/** Sends the digest of the last seven days now; the one of the week is sent all the same. */
function digest(deps: EvidenceDependencies): Endpoint {
  const { store, now } = deps
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ workspaceId }) => {
      const { newMessageId } = deps.webhooks
      const options = { store, reader: new AnalyticsReader(deps), now, newMessageId }
      const sent = await sendDigest(options, workspaceId)
      return { body: { status: 'ok', queued: sent.queued, digest: sent.digest } }
    },
  })
}

function acknowledge(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const id = params['id'] ?? ''
      const alert = isUuid(id) ? await deps.store.acknowledgeAlert(workspaceId, id, deps.now()) : null
      if (alert === null) throw notFound(`There is no alert ${JSON.stringify(id.slice(0, 64))}.`)
      return { body: { status: 'ok', ...formatAlert(alert) } }
    },
  })
}

function listRules(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ workspaceId }) => ({ body: { rules: await deps.store.listAlertRules(workspaceId) } }),
  })
}

const ruleSchema = z.object({
  kind: z.enum(alertKinds),
  enabled: z.boolean().nullish(),
  severity: z.enum(['info', 'warning', 'critical']).nullish(),
})

function saveRule(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: ruleSchema,
    answer: async ({ workspaceId, body }) => {
      const rules = await deps.store.listAlertRules(workspaceId)
      const before = rules.find(({ kind }) => kind === body.kind)
      const enabled = body.enabled ?? before?.enabled ?? true
      const severity = body.severity ?? before?.severity ?? 'warning'
      await deps.store.saveAlertRule(workspaceId, { kind: body.kind, enabled, severity }, deps.now())
      return { body: { status: 'ok', kind: body.kind, enabled, severity } }
    },
  })
}
