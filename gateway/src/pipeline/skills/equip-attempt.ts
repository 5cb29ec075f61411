import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import { type JsonRecord, readList, readRecord, readString } from '../../conversation/json-value.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import { noTurnOutcome, type SkillsOutcome } from '../../injection/skills-outcome.ts'
import { betaOfTool } from '../../providers/anthropic/server-tools.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import { readClientCredential, replaceHeaders } from '../client-credentials.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'
import { beginTurn } from './begin-turn.ts'
import type { NativeAccount, OwnSkill } from './container-source.ts'
import { withContainers } from './container-wire.ts'
import type { RequestContainer } from './request-container.ts'

/** A request with a container as one deployment gets it. */
export interface EquippedAttempt {
  readonly request: ModelRequest
  readonly planned: PlannedAttempt
  /** Told how the attempt failed: whether it is worth making once more, since a copy at the vendor had gone. */
  readonly forgetLost: (failure: UpstreamFailure) => Promise<boolean>
}

/** API versions that know containers with skills only by these flags. */
const oldVersion = '2023-06-01'
const skillsBeta = 'skills-2025-10-02'
const codeExecution = /^code_execution_\d{8}$/

/**
 * The container's skills where the deployment can use them: at a vendor that runs skills as that vendor's own, in the
 * prompt everywhere else. Errors: 400 `skill_unavailable_on_model` and `code_execution_unavailable` for what only the
 * vendor has, 502 `skill_upload_failed`.
 */
export async function equipAttempt(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const { deployment } = planned
  const headers = headersOf(request, deployment)
  const account = gateway.containers.openAccount(deployment, headers)
  if (account === null) return injectAll(gateway, request, container, planned, progress)
  await refuseCopies(container, account)
  const copies = await provideCopies(request, container, account)
  if (copies === null) return injectOwn(gateway, request, container, planned, progress, noCopies)
  const turn = await container.wished()
  const mode = container.isMixed || turn !== null ? 'mixed' : 'native'
  const offered = container.own.map(({ name }) => name)
  report(progress, turn, turn === null ? { mode, offered } : { mode })
  return useNatively(gateway, request, container, planned, { account, copies, turn })
}

const noCopies: ReadonlyMap<OwnSkill, string> = new Map()
const neverLost = (): Promise<boolean> => Promise.resolve(false)

function headersOf(request: ModelRequest, deployment: Deployment): readonly string[] {
  const credential = readClientCredential(request, deployment)
  return credential === null ? deployment.headers : replaceHeaders(deployment.headers, credential)
}

/** Copies of other workspaces' skills may be in the same account. */
async function refuseCopies({ foreign }: RequestContainer, account: NativeAccount): Promise<void> {
  for (const { type, id } of foreign) {
    if (type !== 'custom' || !(await account.isCopy(id))) continue
    throw new GatewayError('skill_not_found', `container.skills: there is no skill '${id}' for this key.`, {
      param: 'container.skills',
    })
  }
}

/** Null when they could not be made and the operator wants the skills in the prompt then. */
async function provideCopies(
  { runtime }: ModelRequest,
  { own, workspaceId }: RequestContainer,
  account: NativeAccount,
): Promise<ReadonlyMap<OwnSkill, string> | null> {
  if (own.length === 0) return noCopies
  try {
    const ids = await account.provide(workspaceId, own)
    return new Map(own.map((skill, at) => [skill, ids[at] ?? '']))
  } catch (error) {
    const isUpload = error instanceof GatewayError && error.code === 'skill_upload_failed'
    if (!isUpload || runtime.config.skills.nativeFallback === 'error') throw error
    return null
  }
}

interface NativeUse {
  readonly account: NativeAccount
  readonly copies: ReadonlyMap<OwnSkill, string>
  readonly turn: SkillTurn | null
}

function useNatively(
  { containerHomes }: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
  { account, copies, turn }: NativeUse,
): EquippedAttempt {
  const restore = (answered: JsonRecord): JsonRecord => {
    const id = readString(answered['id'])
    if (id !== null) containerHomes.remember(id, planned.deployment.id)
    return container.restore(answered, copies)
  }
  const deployment = withBetas(planned.deployment, neededBetas(request))
  return {
    request: { ...request, skills: turn, restoreContainer: restore },
    planned: {
      ...planned,
      deployment: withContainers(deployment, (answered) => (answered === null ? null : restore(answered))),
      overrides: { ...planned.overrides, container: container.formatNative(copies) },
    },
    forgetLost: async ({ status, message }) => {
      const lost = [...copies.values()].filter((id) => message.includes(id))
      if (lost.length === 0 || (status !== 400 && status !== 404)) return false
      await account.forget(lost)
      return true
    },
  }
}

/** At a vendor without containers: its own skills into the prompt; another vendor's cannot be used. */
async function injectAll(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const { deployment } = planned
  const foreign = container.foreign.map(({ id }) => id)
  const tools = readList(request.body['tools'])
  const kept = tools.filter((tool) => !codeExecution.test(readString(readRecord(tool)?.['type']) ?? ''))
  const isDropping = request.runtime.config.skills.onUnavailable === 'drop'
  if (!isDropping && foreign.length > 0) throw unavailable(deployment, foreign)
  if (!isDropping && kept.length < tools.length) throw noCodeExecution(deployment)
  const dropped = kept.length < tools.length ? [...foreign, 'code_execution'] : foreign
  const overrides = {
    ...planned.overrides,
    container: undefined,
    ...(kept.length < tools.length ? { tools: toolsOrNone(kept) } : {}),
  }
  const without = { ...planned, overrides }
  if (container.own.length === 0) {
    const turn = await container.wished()
    report(progress, turn, { dropped })
    return { request: { ...request, skills: turn }, planned: without, forgetLost: neverLost }
  }
  const turn = await beginListed(gateway, request, container, deployment)
  report(progress, turn, { mode: container.isMixed ? 'mixed' : 'injected', dropped })
  return addContainer(gateway, { ...request, skills: turn }, container, without)
}

/** Ours into the prompt, the vendor's where they are: for accounts that do not take ours. */
async function injectOwn(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
  progress: Progress,
  copies: ReadonlyMap<OwnSkill, string>,
): Promise<EquippedAttempt> {
  const turn = await beginListed(gateway, request, container, planned.deployment)
  const isMixed = container.isMixed
  report(progress, turn, { mode: isMixed ? 'mixed' : 'injected' })
  const overrides = {
    ...planned.overrides,
    container: isMixed ? container.formatNative(copies) : undefined,
  }
  const deployment = isMixed ? withBetas(planned.deployment, neededBetas(request)) : planned.deployment
  const equipped = { ...planned, deployment, overrides }
  if (isMixed) return { request: { ...request, skills: turn }, planned: equipped, forgetLost: neverLost }
  return addContainer(gateway, { ...request, skills: turn }, container, equipped)
}

/** Answers name the skills as they would if the vendor had run them. */
function addContainer(
  { now }: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
): EquippedAttempt {
  const told = container.formatInjected(randomUUID().replaceAll('-', ''), now())
  return {
    request,
    planned: { ...planned, deployment: withContainers(planned.deployment, () => told) },
    forgetLost: neverLost,
  }
}

/** Errors: 404 for a skill that may not be used, and 503 when nothing is known of skills now. */
async function beginListed(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  deployment: Deployment,
): Promise<SkillTurn> {
  const begun = await container.listed(() =>
    beginTurn(gateway, request, deployment, container.wish, { pinned: container.versions }),
  )
  if (typeof begun !== 'string') return begun.turn
  throw new GatewayError(
    'unsupported_parameter',
    `\`container.skills\` cannot be given to ${deployment.provider.title} in this request (${begun}).`,
    { param: 'container.skills' },
  )
}

/** Flags the caller's version of the API needs for what it asks. */
function neededBetas({ protocol, exchange, body }: ModelRequest): readonly string[] {
  const version = protocol.id === 'anthropic-messages' ? exchange.header('anthropic-version') : null
  if (version !== null && version > oldVersion) return []
  const tools = readList(body['tools']).map((tool) => readString(readRecord(tool)?.['type']) ?? '')
  const betas = tools.flatMap((type) => (codeExecution.test(type) ? (betaOfTool(type) ?? []) : []))
  return [...new Set([skillsBeta, ...betas])]
}

function withBetas(deployment: Deployment, betas: readonly string[]): Deployment {
  if (betas.length === 0) return deployment
  const { headers } = deployment
  const at = headers.indexOf('anthropic-beta')
  const listed = betas.join(',')
  return {
    ...deployment,
    headers:
      at === -1
        ? [...headers, 'anthropic-beta', listed]
        : headers.with(at + 1, `${headers[at + 1]},${listed}`),
  }
}

function report(progress: Progress, turn: SkillTurn | null, facts: Partial<SkillsOutcome>): void {
  progress.skills = {
    get outcome() {
      return { ...(turn?.outcome ?? noTurnOutcome), ...facts }
    },
    settle: (answer) => turn?.settle(answer),
  }
}

const toolsOrNone = (tools: readonly unknown[]): readonly unknown[] | undefined =>
  tools.length === 0 ? undefined : tools

function unavailable({ provider, upstreamModel }: Deployment, ids: readonly string[]): GatewayError {
  const names = ids.map((id) => `'${id}'`).join(', ')
  return new GatewayError(
    'skill_unavailable_on_model',
    `container.skills: ${names} can only be used by models of the vendor that keeps them, and ${upstreamModel} is called at ${provider.title}. Use skills of this gateway, or \`skills.on_unavailable: drop\`.`,
    { param: 'container.skills' },
  )
}

function noCodeExecution({ provider, upstreamModel }: Deployment): GatewayError {
  return new GatewayError(
    'code_execution_unavailable',
    `\`tools\` has a code execution that ${upstreamModel} at ${provider.title} does not. Leave it out, or set \`skills.on_unavailable: drop\`.`,
    { param: 'tools' },
  )
}
