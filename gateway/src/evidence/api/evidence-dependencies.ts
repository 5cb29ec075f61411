import type { Identity } from '../../pipeline/authenticate.ts'
import type { SkillStore } from '../../skills/skill-store.ts'
import type { DecisionLog } from '../decisions/decision-log.ts'
import type { EvidenceStore } from '../evidence-store.ts'
import type { TraceWriter } from '../traces/trace-writer.ts'

/** What the routes of evidence work with. */
export interface EvidenceDependencies {
  readonly identity: Identity
  readonly store: EvidenceStore
  readonly decisions: DecisionLog
  readonly traceWriter: TraceWriter
  readonly skills: Pick<SkillStore, 'find' | 'listVersions'>
  /** Whether traces must name a registered manifest. */
  readonly requireManifest: boolean
  readonly now: () => number
  /** A new UUID. */
  readonly newId: () => string
}
