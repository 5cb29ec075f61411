import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import { noTurnOutcome, type SkillsOutcome } from '../../injection/skills-outcome.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'

/** A request with a container as one deployment gets it. */
export interface EquippedAttempt {
  readonly request: ModelRequest
  readonly planned: PlannedAttempt
  /** Told how the attempt failed: whether it is worth making once more, since a copy at the vendor had gone. */
  readonly forgetLost: (failure: UpstreamFailure) => Promise<boolean>
}

/** Types of Anthropic's own code execution. */
export const codeExecution = /^code_execution_\d{8}$/

/** Where nothing is copied. */
export const neverLost = (): Promise<boolean> => Promise.resolve(false)

/** The tools that are left, as a member of a body. */
export const toolsOrNone = (tools: readonly unknown[]): readonly unknown[] | undefined =>
  tools.length === 0 ? undefined : tools

/** What the answer's headers and the trace tell. */
export function reportEquipped(
  progress: Progress,
  turn: SkillTurn | null,
  facts: Partial<SkillsOutcome>,
): void {
  progress.skills = {
    get outcome() {
      return { ...(turn?.outcome ?? noTurnOutcome), ...facts }
    },
    settle: (answer) => turn?.settle(answer),
  }
}

export function noCodeExecution({ provider, upstreamModel }: Deployment, reason = ''): GatewayError {
  return new GatewayError(
    'code_execution_unavailable',
    `\`tools\` has a code execution that ${upstreamModel} at ${provider.title} does not.${reason === '' ? '' : ` ${reason}`} Leave it out, or set \`skills.on_unavailable: drop\`.`,
    { param: 'tools' },
  )
}
