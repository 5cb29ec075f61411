import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import { readList, readRecord, readString } from '../../conversation/json-value.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'
import { beginListed } from './begin-listed.ts'
import { openCodeRuns } from './code-execution.ts'
import { withContainers } from './container-wire.ts'
import {
  codeExecution,
  type EquippedAttempt,
  neverLost,
  noCodeExecution,
  reportEquipped,
  toolsOrNone,
} from './equipped-attempt.ts'
import {
  neededBetas,
  noCopies,
  openAccount,
  provideCopies,
  refuseCopies,
  useNatively,
  withBetas,
} from './native-container.ts'
import type { WantedSkill } from './read-container.ts'
import type { RequestContainer } from './request-container.ts'

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
  const account = openAccount(gateway, request, planned.deployment)
  if (account === null) return injectAll(gateway, request, container, planned, progress)
  await refuseCopies(container, account)
  const copies = await provideCopies(request, container, account)
  if (copies === null) return injectOwn(gateway, request, container, planned, progress)
  const turn = await container.listed.wished()
  const mode = container.isMixed || turn !== null ? 'mixed' : 'native'
  const offered = container.own.map(({ name }) => name)
  reportEquipped(progress, turn, turn === null ? { mode, offered } : { mode })
  return useNatively(gateway, request, container, planned, { account, copies, turn })
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
  const { foreign } = container
  const tools = readList(request.body['tools'])
  const kept = tools.filter((tool) => !codeExecution.test(readString(readRecord(tool)?.['type']) ?? ''))
  const isDropping = request.runtime.config.skills.onUnavailable === 'drop'
  const code = kept.length < tools.length ? await openCodeRuns(gateway, request, container, deployment) : null
  if (!isDropping && foreign.length > 0) throw unavailable(deployment, foreign)
  if (!isDropping && kept.length < tools.length && code === null) throw noCodeExecution(deployment)
  const names = foreign.map(({ id }) => id)
  const droppedOf = (turn: SkillTurn | null): readonly string[] =>
    kept.length < tools.length && turn?.runsCode !== true ? [...names, 'code_execution'] : names
  const overrides = {
    ...planned.overrides,
    container: undefined,
    ...(kept.length < tools.length ? { tools: toolsOrNone(kept) } : {}),
  }
  const without = { ...planned, overrides }
  if (container.own.length === 0) {
    const turn = await container.listed.wished()
    reportEquipped(progress, turn, { dropped: droppedOf(turn) })
    return { request: { ...request, skills: turn }, planned: without, forgetLost: neverLost }
  }
  const turn = await beginListed(gateway, request, container.listed, deployment, code)
  reportEquipped(progress, turn, { mode: container.isMixed ? 'mixed' : 'injected', dropped: droppedOf(turn) })
  return addContainer(gateway, { ...request, skills: turn }, container, without)
}

/** Ours into the prompt, the vendor's where they are: for accounts that do not take ours. */
async function injectOwn(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const turn = await beginListed(gateway, request, container.listed, planned.deployment)
  const isMixed = container.isMixed
  reportEquipped(progress, turn, { mode: isMixed ? 'mixed' : 'injected' })
  const overrides = {
    ...planned.overrides,
    container: isMixed ? container.formatNative(noCopies) : undefined,
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

function unavailable({ provider, upstreamModel }: Deployment, foreign: readonly WantedSkill[]): GatewayError {
  const called = `${upstreamModel} is called at ${provider.title}`
  const unknown = foreign.find(({ type }) => type === 'custom')
  if (unknown !== undefined) {
    const message = `container.skills: there is no skill '${unknown.id}' for this key, and ${called}, which keeps none.`
    return new GatewayError('skill_not_found', message, { param: 'container.skills' })
  }
  const names = foreign.map(({ id }) => `'${id}'`).join(', ')
  return new GatewayError(
    'skill_unavailable_on_model',
    `container.skills: ${names} can only be used by models of Anthropic, and ${called}. Use skills of this gateway, or \`skills.on_unavailable: drop\`.`,
    { param: 'container.skills' },
  )
}
