/** Something that judges traces: here by a rule, in a client (`sdk`), or by a model. */
export interface Evaluator {
  readonly id: string
  /** Empty for the whole workspace. */
  readonly agentName: string
  readonly name: string
  readonly origin: 'platform' | 'sdk'
  readonly evalType: 'deterministic' | 'llm_judge'
  readonly category: string
  /** A score below it fails. */
  readonly threshold: number
  readonly enabled: boolean
  readonly settings: EvaluatorSettings
  readonly createdAt: number
  readonly updatedAt: number
}

interface EvaluatorSettings {
  readonly display_name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly template_id?: string | null | undefined
  /** The model that judges; without one the request must name it. */
  readonly model?: string | null | undefined
  /** Of a judge, with `{input}` and `{output}`. */
  readonly prompt_template?: string | null | undefined
  /** Of a deterministic one. */
  readonly check?: string | null | undefined
  readonly value?: string | number | null | undefined
}

type EvaluatorChanges = Partial<Pick<Evaluator, 'enabled' | 'threshold' | 'category' | 'settings'>>

/** Evaluators, each in its workspace. Rejects with `storage_unavailable` when the database does not answer. */
export interface EvaluatorStore {
  /** By agent and name; those that are there keep their id and are changed. Results are in the order given. */
  registerEvaluators(workspaceId: string, evaluators: readonly Evaluator[]): Promise<readonly Evaluator[]>
  /** Those of the workspace, and of the agent when one is named. */
  listEvaluators(workspaceId: string, agentName: string | null): Promise<readonly Evaluator[]>
  findEvaluator(workspaceId: string, id: string): Promise<Evaluator | null>
  updateEvaluator(
    workspaceId: string,
    id: string,
    changes: EvaluatorChanges,
    updatedAt: number,
  ): Promise<Evaluator | null>
  /** Whether there was one to delete. */
  deleteEvaluator(workspaceId: string, id: string): Promise<boolean>
  /** By name, for this agent's traces. */
  evaluatorThresholds(workspaceId: string, agentName: string): Promise<ReadonlyMap<string, number>>
}
