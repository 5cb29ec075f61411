import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { otlpRoute } from '../otlp/otlp-route.ts'
import { alertRoutes } from './alert-routes.ts'
import { analyticsRoutes } from './analytics-routes.ts'
import { evaluatorRoutes } from './evaluator-routes.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { importRoutes } from './import-routes.ts'
import { judgementRoutes } from './judgement-routes.ts'
import { manifestRoutes } from './manifest-routes.ts'
import { routingRoutes } from './routing-routes.ts'
import { traceRoutes } from './trace-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** What agents did with skills, and how well it went. */
export function evidenceRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    ...traceRoutes(deps),
    otlpRoute(deps),
    ...judgementRoutes(deps),
    ...importRoutes(deps),
    ...manifestRoutes(deps),
    ...evaluatorRoutes(deps),
    ...routingRoutes(deps),
    ...analyticsRoutes(deps),
    ...alertRoutes(deps),
    ...webhookRoutes(deps),
  ]
}
