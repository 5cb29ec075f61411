import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import { type JsonRecord, readList, readRecord, readString } from '../../conversation/json-value.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import { betaOfTool } from '../../providers/anthropic/server-tools.ts'
import { readClientCredential, replaceHeaders } from '../client-credentials.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { NativeAccount, OwnSkill } from './container-source.ts'
import { withContainers } from './container-wire.ts'
import { codeExecution, type EquippedAttempt } from './equipped-attempt.ts'
import type { RequestContainer } from './request-container.ts'

/** API versions that know containers with skills only by these flags. */
const oldVersion = '2023-06-01'
const skillsBeta = 'skills-2025-10-02'

/** The vendor's ids of the gateway's skills. */
export type Copies = ReadonlyMap<OwnSkill, string>

export const noCopies: Copies = new Map()

/** The account a deployment is called with; null where its vendor runs no skills. */
export function openAccount(
  { containers }: Gateway,
  request: ModelRequest,
  deployment: Deployment,
): NativeAccount | null {
  return containers.openAccount(deployment, headersOf(request, deployment))
}

function headersOf(request: ModelRequest, deployment: Deployment): readonly string[] {
  const credential = readClientCredential(request, deployment)
  return credential === null ? deployment.headers : replaceHeaders(deployment.headers, credential)
}

/** Errors: 404, since copies of other workspaces' skills may be in the same account. */
export async function refuseCopies({ foreign }: RequestContainer, account: NativeAccount): Promise<void> {
  for (const { type, id } of foreign) {
    if (type !== 'custom' || !(await account.isCopy(id))) continue
    throw new GatewayError('skill_not_found', `container.skills: there is no skill '${id}' for this key.`, {
      param: 'container.skills',
    })
  }
}

/** Null when they could not be made and the operator wants the skills in the prompt then. */
export async function provideCopies(
  { runtime }: ModelRequest,
  { own, workspaceId }: RequestContainer,
  account: NativeAccount,
): Promise<Copies | null> {
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
  readonly copies: Copies
  readonly turn: SkillTurn | null
}

/** The container's skills as the vendor's own, the answer's as the caller knows them. */
export function useNatively(
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

/** Flags the caller's version of the API needs for what it asks. */
export function neededBetas({ protocol, exchange, body }: ModelRequest): readonly string[] {
  const version = protocol.id === 'anthropic-messages' ? exchange.header('anthropic-version') : null
  if (version !== null && version > oldVersion) return []
  const tools = readList(body['tools']).map((tool) => readString(readRecord(tool)?.['type']) ?? '')
  const betas = tools.flatMap((type) => (codeExecution.test(type) ? (betaOfTool(type) ?? []) : []))
  return [...new Set([skillsBeta, ...betas])]
}

export function withBetas(deployment: Deployment, betas: readonly string[]): Deployment {
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
