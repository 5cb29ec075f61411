import type { PlannedAttempt } from '../../balancing/attempt-plan.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { ModelRequest } from '../model-request.ts'

/** A request with a container as one deployment gets it. */
export interface EquippedAttempt {
  readonly request: ModelRequest
  readonly planned: PlannedAttempt
  /** Told how the attempt failed: whether it is worth making once more, since a copy at the vendor had gone. */
  readonly forgetLost: (failure: UpstreamFailure) => Promise<boolean>
}

/** Types of Anthropic's own code execution. */
export const codeExecution = /^code_execution_\d{8}$/
