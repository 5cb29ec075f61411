import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import { listBundlesEndpoint, moveBundleEndpoint } from './bundle-endpoints.ts'
import { compareEndpoint } from './compare-endpoint.ts'
import { decisionsEndpoint } from './decisions-endpoint.ts'
import { calibrationEndpoint, costAnalysisEndpoint, regretEndpoint } from './evidence-endpoints.ts'
import {
  approveExperimentEndpoint,
  createExperimentEndpoint,
  endExperimentEndpoint,
  listExperimentsEndpoint,
  readExperimentEndpoint,
  samplesEndpoint,
  startExperimentEndpoint,
} from './experiment-endpoints.ts'
import { feedbackEndpoint } from './feedback-endpoint.ts'
import { infoEndpoint } from './info-endpoint.ts'
import {
  judgeBatchEndpoint,
  judgedQualityEndpoint,
  judgedSamplesEndpoint,
  judgingStatsEndpoint,
  pushJudgementsEndpoint,
} from './judging-endpoints.ts'
import { killSwitchEndpoint } from './kill-switch-endpoint.ts'
import {
  forgetPreferencesEndpoint,
  opinionEndpoint,
  personalStatsEndpoint,
  preferencesEndpoint,
  reasoningRouterEndpoint,
} from './preferences-endpoints.ts'
import { reloadEndpoint } from './reload-endpoint.ts'
import { replayEndpoint } from './replay-endpoint.ts'
import { batchEndpoint, routeEndpoint } from './route-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'
import { overviewEndpoint, savingsEndpoint } from './savings-endpoints.ts'
import { changeRoutingConfigEndpoint, routingConfigEndpoint } from './settings-endpoints.ts'
import { globalStatsEndpoint, routingStatsEndpoint } from './stats-endpoints.ts'

const routing = '/api/v1/routeiq/routing'

/** Which model would answer, what can choose one, and the switch that ends all choosing. */
export function routingApiRoutes(deps: RoutingApiDependencies): Route<Endpoint>[] {
  const user = { auth: 'user', aliased: false } as const
  const reload = reloadEndpoint(deps)
  const admin = { auth: 'admin', aliased: false } as const
  return [
    { ...user, method: 'GET', template: '/router/info', handler: infoEndpoint(deps) },
    { ...user, method: 'POST', template: '/router/route', handler: routeEndpoint(deps) },
    { ...user, method: 'POST', template: '/router/route/batch', handler: batchEndpoint(deps) },
    { ...user, method: 'GET', template: '/llmrouter/strategies/compare', handler: compareEndpoint(deps) },
    {
      ...admin,
      method: 'GET',
      template: '/api/v1/evidence/routing-traces',
      handler: decisionsEndpoint(deps),
    },
    { ...admin, method: 'GET', template: '/api/v1/evidence/overview', handler: overviewEndpoint(deps) },
    { ...admin, method: 'GET', template: '/api/v1/evidence/savings', handler: savingsEndpoint(deps) },
    { ...user, method: 'POST', template: '/router/feedback', handler: feedbackEndpoint(deps) },
    { ...admin, method: 'GET', template: `${routing}/config`, handler: routingConfigEndpoint(deps) },
    { ...admin, method: 'POST', template: `${routing}/config`, handler: changeRoutingConfigEndpoint(deps) },
    { ...admin, method: 'GET', template: `${routing}/stats`, handler: routingStatsEndpoint(deps) },
    {
      ...admin,
      method: 'GET',
      template: '/api/v1/routeiq/stats/global',
      handler: globalStatsEndpoint(deps),
    },
    { ...user, method: 'POST', template: `${routing}/feedback`, handler: opinionEndpoint(deps) },
    {
      ...user,
      method: 'GET',
      template: `${routing}/preferences/{user_id}`,
      handler: preferencesEndpoint(deps),
    },
    {
      ...admin,
      method: 'DELETE',
      template: `${routing}/preferences/{user_id}`,
      handler: forgetPreferencesEndpoint(deps),
    },
    {
      ...admin,
      method: 'GET',
      template: `${routing}/personalized/stats`,
      handler: personalStatsEndpoint(deps),
    },
    { ...user, method: 'POST', template: `${routing}/r1`, handler: reasoningRouterEndpoint(deps) },
    { ...admin, method: 'GET', template: '/api/v1/evidence/calibration', handler: calibrationEndpoint(deps) },
    { ...admin, method: 'GET', template: '/api/v1/evidence/regret', handler: regretEndpoint(deps) },
    {
      ...admin,
      method: 'GET',
      template: '/api/v1/evidence/cost-analysis',
      handler: costAnalysisEndpoint(deps),
    },
    { ...admin, method: 'POST', template: '/api/v1/evidence/replay', handler: replayEndpoint(deps) },
    ...judgingRoutes(deps),
    ...experimentRoutes(deps),
    ...bundleRoutes(deps),
    ...['/router/reload', '/llmrouter/reload', '/config/reload'].map((template) => ({
      ...admin,
      method: 'POST' as const,
      template,
      handler: reload,
    })),
    { ...admin, method: 'POST', template: '/router/kill-switch', handler: killSwitchEndpoint(deps) },
  ]
}

function judgingRoutes(deps: RoutingApiDependencies): Route<Endpoint>[] {
  const read = { auth: 'admin', aliased: false, method: 'GET' } as const
  const act = { ...read, method: 'POST' } as const
  const judging = '/api/v1/routeiq/eval'
  return [
    { ...read, template: `${judging}/stats`, handler: judgingStatsEndpoint(deps) },
    { ...read, template: `${judging}/samples`, handler: judgedSamplesEndpoint(deps) },
    { ...read, template: `${judging}/model-quality`, handler: judgedQualityEndpoint(deps) },
    { ...act, template: `${judging}/run-batch`, handler: judgeBatchEndpoint(deps) },
    { ...act, template: `${judging}/push-feedback`, handler: pushJudgementsEndpoint(deps) },
  ]
}

function experimentRoutes(deps: RoutingApiDependencies): Route<Endpoint>[] {
  const admin = { auth: 'admin', aliased: false } as const
  const all = '/api/v1/evidence/experiments'
  const one = `${all}/{id}`
  const actions: readonly (readonly [action: string, handler: Endpoint])[] = [
    ['start', startExperimentEndpoint(deps)],
    ['stop', endExperimentEndpoint(deps, 'stopped')],
    ['approve', approveExperimentEndpoint(deps)],
    ['reject', endExperimentEndpoint(deps, 'rejected')],
    ['rollback', endExperimentEndpoint(deps, 'rolled_back')],
  ]
  return [
    { ...admin, method: 'GET', template: all, handler: listExperimentsEndpoint(deps) },
    { ...admin, method: 'POST', template: all, handler: createExperimentEndpoint(deps) },
    { ...admin, method: 'GET', template: one, handler: readExperimentEndpoint(deps) },
    { ...admin, method: 'GET', template: `${one}/samples`, handler: samplesEndpoint(deps) },
    ...actions.map(([action, handler]) => ({
      ...admin,
      method: 'POST' as const,
      template: `${one}/${action}`,
      handler,
    })),
  ]
}

function bundleRoutes(deps: RoutingApiDependencies): Route<Endpoint>[] {
  const admin = { auth: 'admin', aliased: false } as const
  const all = '/api/v1/evidence/bundles'
  const move = (action: 'stage' | 'promote' | 'rollback'): Route<Endpoint> => ({
    ...admin,
    method: 'POST',
    template: `${all}/{id}/${action}`,
    handler: moveBundleEndpoint(deps, action),
  })
  return [
    { ...admin, method: 'GET', template: all, handler: listBundlesEndpoint(deps) },
    ...[move('stage'), move('promote'), move('rollback')],
  ]
}
