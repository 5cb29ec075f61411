import type { Deployment } from '../../deployments/deployment.ts'
import { CodeRuns } from '../../injection/code-runs.ts'
import type { CodeOutcome } from '../../injection/code-sandbox.ts'
import type { CodeLanguage } from '../../injection/code-tool.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import { noCodeExecution } from './equipped-attempt.ts'
import type { RequestContainer } from './request-container.ts'

/** A program that was run for a request, and how it ended. Times are monotonic milliseconds. */
export interface RunRecord {
  readonly request: ModelRequest
  readonly language: CodeLanguage
  /** `ok`, or what ended it. */
  readonly status: CodeOutcome['status'] | 'refused'
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * Runs the code of a model whose vendor runs none, with the skills of the container at hand; null where the operator or
 * the container wants none of it. Errors: 400 `code_execution_unavailable` on a machine that cannot hold it, unless what is
 * unavailable is dropped.
 */
export async function openCodeRuns(
  { sandbox, recordRun }: Gateway,
  request: ModelRequest,
  { own, workspaceId }: RequestContainer,
  deployment: Deployment,
): Promise<CodeRuns | null> {
  const { runsCode, onUnavailable } = request.runtime.config.skills
  if (!runsCode || own.length === 0) return null
  const refusal = await sandbox.refuse()
  if (refusal !== null) {
    if (onUnavailable === 'drop') return null
    throw noCodeExecution(deployment, refusal)
  }
  return new CodeRuns(
    async (call) => {
      const startedAt = performance.now()
      let status: RunRecord['status'] = 'refused'
      try {
        const outcome = await sandbox.run({ ...call, workspaceId, skills: own })
        status = outcome.status
        return outcome
      } finally {
        recordRun({ request, language: call.language, status, startedAt, endedAt: performance.now() })
      }
    },
    () => performance.now(),
  )
}
