import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import { readList, readText } from '../../conversation/json-value.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'
import { beginListed } from './begin-listed.ts'
import {
  type EquippedAttempt,
  neverLost,
  noCodeExecution,
  reportEquipped,
  toolsOrNone,
} from './equipped-attempt.ts'
import { isHostedShell } from './read-shell-skills.ts'
import type { ShellContainer } from './shell-container.ts'

/**
 * The skills of a shell's container where the deployment can use them: at one that speaks Responses itself ours come along
 * as zips, so that no account holds copies; elsewhere they stand in the prompt, and the shell is left out where the operator
 * wants that. Errors: 400 `skill_unavailable_on_model` and `code_execution_unavailable` for what only the vendor has.
 */
export function equipShell(
  gateway: Gateway,
  request: ModelRequest,
  shell: ShellContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const isHosted = planned.deployment.responses !== null
  return (isHosted ? useHosted : injectAll)(gateway, request, shell, planned, progress)
}

async function useHosted(
  { containers }: Gateway,
  request: ModelRequest,
  shell: ShellContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const zips = await Promise.all(shell.own.map((skill) => containers.pack(shell.workspaceId, skill)))
  const packed = new Map(shell.own.map((skill, at) => [skill, zips[at] ?? '']))
  const turn = await shell.listed.wished()
  const isMixed = turn !== null || (shell.own.length > 0 && shell.foreign.length > 0)
  const offered = shell.own.map(({ name }) => name)
  reportEquipped(progress, turn, isMixed ? { mode: 'mixed' } : { mode: 'native', offered })
  const tools = packed.size === 0 ? {} : { tools: shell.formatTools(request.body['tools'], packed) }
  return {
    request: { ...request, skills: turn },
    planned: { ...planned, overrides: { ...planned.overrides, ...tools } },
    forgetLost: neverLost,
  }
}

async function injectAll(
  gateway: Gateway,
  request: ModelRequest,
  shell: ShellContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<EquippedAttempt> {
  const { deployment } = planned
  const { foreign, inline } = shell
  if (request.runtime.config.skills.onUnavailable !== 'drop')
    throw foreign.length > 0 ? unavailable(deployment, foreign) : noCodeExecution(deployment)
  const tools = readList(request.body['tools']).filter((tool) => !isHostedShell(tool))
  const overrides = {
    ...planned.overrides,
    tools: toolsOrNone(tools),
    ...(inline.length > 0 && { instructions: addInline(gateway, request, shell) }),
  }
  const turn =
    shell.own.length > 0
      ? await beginListed(gateway, request, shell.listed, deployment)
      : await shell.listed.wished()
  reportEquipped(progress, turn, { mode: 'injected', dropped: [...foreign, 'shell'] })
  return {
    request: { ...request, skills: turn },
    planned: { ...planned, overrides },
    forgetLost: neverLost,
  }
}

/** What a request brings itself stands behind its instructions at once, as far as a turn has room for texts. */
function addInline(
  { containers }: Gateway,
  { body, runtime }: ModelRequest,
  { inline }: ShellContainer,
): string {
  const texts = inline.map(({ name, data }) => containers.readInline(name, data))
  const { bodyTokens } = runtime.config.skillInjection
  if (texts.reduce((sum, text) => sum + text.length, 0) > 4 * bodyTokens)
    throw new GatewayError(
      'invalid_request',
      `The inline skills are longer than ${bodyTokens} tokens, which is all a model without containers gets.`,
      { param: 'tools' },
    )
  return [readText(body['instructions']) ?? [], ...texts].flat().join('\n\n')
}

function unavailable({ provider, upstreamModel }: Deployment, foreign: readonly string[]): GatewayError {
  const names = foreign.map((id) => `'${id}'`).join(', ')
  return new GatewayError(
    'skill_unavailable_on_model',
    `tools: ${names} are no skills of this gateway, and ${upstreamModel} is called at ${provider.title}, which keeps none. Use skills of this gateway, or \`skills.on_unavailable: drop\`.`,
    { param: 'tools' },
  )
}
