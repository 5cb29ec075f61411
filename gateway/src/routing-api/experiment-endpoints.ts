import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { findStrategy } from '@routeiq/router'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Caller } from '../identity/caller.ts'
import { holdsPermission } from '../identity/permissions.ts'
import {
  type ExperimentRecord,
  type ExperimentState,
  moveTo,
} from '../model-routing/experiments/experiment.ts'
import { covers } from '../model-routing/experiments/experiment-book.ts'
import { followExperiment, measureExperiment } from '../model-routing/experiments/judge-experiment.ts'
import { type ControlRequest, controlEndpoint } from '../rest/control-endpoint.ts'
import { describeDecisionRow } from './decisions-endpoint.ts'
import { describeExperiment } from './describe-experiment.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const mostSamples = 1_000

const createSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .nullish(),
    hypothesis: z.string().min(1).max(2_000),
    variants: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
          strategy: z
            .string()
            .refine(isRunnable, { message: 'GET /router/info lists the strategies that can run' }),
          weight: z.number().int().min(1).max(1_000_000),
        }),
      )
      .min(2)
      .max(10),
    models: z.array(z.string().min(1)).min(1).nullish(),
    margin: z.number().min(0).max(0.2).default(0.01),
    min_samples: z.number().int().min(2).max(1_000_000).default(200),
    min_days: z.number().min(0).max(365).default(7),
    max_share: z.number().min(0).max(1).default(0.1),
    four_eyes: z.boolean().default(false),
    salt: z.boolean().default(false),
  })
  .refine(({ variants }) => new Set(variants.map(({ name }) => name)).size === variants.length, {
    message: 'every variant needs a name of its own',
    path: ['variants'],
  })
  .refine(({ variants, max_share }) => challengerShare(variants) <= max_share + 1e-9, {
    message:
      'the challengers (every variant but the first) have more than `max_share` (0.1) of the weight together; lower their weights or raise it',
    path: ['variants'],
  })

type CreateBody = z.output<typeof createSchema>

function isRunnable(name: string): boolean {
  const status = findStrategy(name)?.status
  return status !== undefined && status !== 'not_available'
}

function challengerShare(variants: readonly { readonly weight: number }[]): number {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0)
  return 1 - (variants[0]?.weight ?? 0) / total
}

const mayRead = (caller: Caller): boolean => holdsPermission(caller, 'experiment.read')
const mayWrite = (caller: Caller): boolean => holdsPermission(caller, 'experiment.write')

/** `GET /api/v1/evidence/experiments`, newest first. */
export function listExperimentsEndpoint({ gateway, experiments }: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    ...{ identity: gateway.identity, body: null, alsoAdmits: mayRead },
    answer: async () => {
      const found = await experiments.listExperiments()
      return { body: { experiments: found.map((one) => describeExperiment(one, null)), total: found.length } }
    },
  })
}

/** `POST /api/v1/evidence/experiments`: a draft; nobody is assigned before it is started. */
export function createExperimentEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, experiments } = deps
  return controlEndpoint({
    ...{ identity: gateway.identity, body: createSchema, alsoAdmits: mayWrite },
    answer: async ({ caller, body }) => {
      const experiment = draft(body, caller, gateway.now())
      if (!(await experiments.createExperiment(experiment)))
        throw new GatewayError('conflict', `There is an experiment ${experiment.id} already.`, {
          param: 'id',
        })
      return { status: 201, body: describeExperiment(experiment, null) }
    },
  })
}

function draft(body: CreateBody, caller: Caller | null, now: number): ExperimentRecord {
  const { id, hypothesis, variants, models, margin } = body
  return {
    id: id ?? `exp_${randomBytes(6).toString('hex')}`,
    state: 'draft',
    ...{ hypothesis, variants, models: models ?? null, margin },
    minSamples: body.min_samples,
    minDays: body.min_days,
    maxShare: body.max_share,
    fourEyes: body.four_eyes,
    salted: body.salt,
    createdBy: caller?.keyHash ?? null,
    createdAt: now,
    ...{ startedAt: null, endedAt: null, winner: null, applied: false, report: null },
    history: [{ at: now, by: caller?.keyHash ?? null, to: 'draft', reason: null }],
  }
}

/** `GET /api/v1/evidence/experiments/{id}`, with what it has shown so far. */
export function readExperimentEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, experiments, choiceLog } = deps
  return controlEndpoint({
    ...{ identity: gateway.identity, body: null, alsoAdmits: mayRead },
    answer: async ({ params }) => {
      await choiceLog.flush()
      const found = await requireExperiment(deps, params['id'] ?? '')
      const figures =
        found.state === 'draft' ? null : await measureExperiment(experiments, found, gateway.now())
      const current =
        found.state === 'running' && figures !== null
          ? followExperiment(found, figures.report, gateway.now())
          : found
      if (current.state !== found.state) await store(deps, found.state, current)
      return { body: describeExperiment(current, figures) }
    },
  })
}

/** `GET /api/v1/evidence/experiments/{id}/samples?limit&variant`: judged choices of units that were exposed. */
export function samplesEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, experiments, choiceLog } = deps
  return controlEndpoint({
    ...{ identity: gateway.identity, body: null, alsoAdmits: mayRead },
    answer: async ({ params, query }) => {
      await choiceLog.flush()
      const { id } = await requireExperiment(deps, params['id'] ?? '')
      const limit = Math.min(mostSamples, Number(query.get('limit') ?? 100) || 100)
      const variant = query.get('variant')
      const rows = (await experiments.listExperimentChoices(id, 50_000))
        .filter(
          ({ score, experiment }) =>
            score !== null && (variant ?? experiment?.variant) === experiment?.variant,
        )
        .slice(0, limit)
      return { body: { samples: rows.map(describeDecisionRow), count: rows.length } }
    },
  })
}

const reasonSchema = z.object({ reason: z.string().max(2_000).nullish() })

/** `POST …/start`: from now on callers are assigned. Errors: 409 while another one runs for the same names. */
export function startExperimentEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    ...{ identity: deps.gateway.identity, body: reasonSchema, alsoAdmits: mayWrite },
    answer: async (request) => {
      const experiment = await requireExperiment(deps, request.params['id'] ?? '')
      await requireRoom(deps, experiment)
      return { body: describeExperiment(await move(deps, request, experiment, 'running'), null) }
    },
  })
}

/** Two at once need assignments that do not depend on each other, and names of their own. */
async function requireRoom(
  { gateway, experiments }: RoutingApiDependencies,
  experiment: ExperimentRecord,
): Promise<void> {
  const others = (await experiments.listExperiments()).filter(
    ({ id, state }) => state === 'running' && id !== experiment.id,
  )
  const overlap = others.find(
    ({ models }) =>
      models === null ||
      experiment.models === null ||
      models.some((model) => covers(experiment.models, model)),
  )
  if (overlap !== undefined)
    throw invalidTransition(`The experiment ${overlap.id} runs for the same names; stop it first.`)
  const isAlone = others.length === 0 && gateway.runtime().config.modelRouting.experiment === null
  if (!isAlone && !experiment.salted)
    throw invalidTransition(
      'Another experiment is running: create this one with `salt: true`, so that its assignments do not depend on the other’s.',
    )
}

/** `POST …/stop` and `…/reject` and `…/rollback`: ends it where it is. */
export function endExperimentEndpoint(
  deps: RoutingApiDependencies,
  to: 'stopped' | 'rejected' | 'rolled_back',
): Endpoint {
  return controlEndpoint({
    ...{ identity: deps.gateway.identity, body: reasonSchema, alsoAdmits: mayWrite },
    answer: async (request) => {
      const experiment = await requireExperiment(deps, request.params['id'] ?? '')
      return { body: describeExperiment(await move(deps, request, experiment, to), null) }
    },
  })
}

const approveSchema = reasonSchema.extend({
  winner: z.string().nullish(),
  apply: z.boolean().default(false),
})

/** `POST …/approve`: a human puts a variant in force, as a patch of the configuration, and with `apply` at once. */
export function approveExperimentEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    ...{ identity: deps.gateway.identity, body: approveSchema, alsoAdmits: mayWrite },
    answer: async (request) => {
      const { caller, body, params } = request
      const experiment = await requireExperiment(deps, params['id'] ?? '')
      if (experiment.fourEyes && experiment.createdBy === caller?.keyHash)
        throw new GatewayError(
          'permission_denied',
          'This experiment needs a second pair of eyes: somebody other than its maker has to approve it.',
        )
      const winner = experiment.variants.find(
        ({ name }) => name === (body.winner ?? experiment.variants[1]?.name),
      )
      if (winner === undefined)
        throw new GatewayError('invalid_request', '`winner` must name a variant.', { param: 'winner' })
      const decided = { ...experiment, winner: winner.name, applied: body.apply }
      await move(deps, request, decided, 'approved')
      return {
        body: { config_patch_yaml: formatPatch(experiment, winner.strategy), applied: body.apply },
      }
    },
  })
}

/** What makes the strategy permanent, for the file that is under version control. */
function formatPatch({ id, models }: ExperimentRecord, strategy: string): string {
  const head = `# Approved by experiment ${id}.\n`
  if (models === null) return `${head}router_settings:\n  routing_strategy: ${strategy}\n`
  const routers = models.map((model) => `      ${JSON.stringify(model)}:\n        strategy: ${strategy}\n`)
  return `${head}routeiq:\n  routing:\n    routers:\n${routers.join('')}`
}

async function requireExperiment(
  { experiments }: RoutingApiDependencies,
  id: string,
): Promise<ExperimentRecord> {
  const found = await experiments.findExperiment(id)
  if (found === null) throw new GatewayError('experiment_not_found', `There is no experiment ${id}.`)
  return found
}

/** Errors: 409 `invalid_transition` where its state does not allow it. */
async function move(
  deps: RoutingApiDependencies,
  { caller, body }: Pick<ControlRequest<{ readonly reason?: string | null | undefined }>, 'caller' | 'body'>,
  experiment: ExperimentRecord,
  to: ExperimentState,
): Promise<ExperimentRecord> {
  const by = caller?.keyHash ?? null
  const next = moveTo(experiment, to, { at: deps.gateway.now(), by, reason: body.reason ?? null })
  if (next === null)
    throw invalidTransition(`The experiment is ${experiment.state}; from there it does not become ${to}.`)
  if (!(await store(deps, experiment.state, next)))
    throw invalidTransition('The experiment was changed by somebody else meanwhile; read it again.')
  return next
}

async function store(
  { experiments, experimentBook, announceExperiments }: RoutingApiDependencies,
  from: ExperimentState,
  next: ExperimentRecord,
): Promise<boolean> {
  const stored = await experiments.updateExperiment(from, next)
  await experimentBook.refresh()
  await announceExperiments()
  return stored
}

function invalidTransition(message: string): GatewayError {
  return new GatewayError('invalid_transition', message)
}
