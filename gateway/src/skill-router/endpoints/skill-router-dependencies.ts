import type { DecisionLog } from '../../evidence/decisions/decision-log.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { IdempotentAnswers } from '../../rest/idempotency.ts'
import type { Degradations } from '../degradations.ts'
import type { Embedders } from '../embedding/embedders.ts'
import type { WorkspaceEmbedderStore } from '../embedding/workspace-embedder.ts'
import type { HotCatalogues } from '../hot-catalogues.ts'
import type { RecentLatency } from '../recent-latency.ts'
import type { SkillBodies } from '../skill-bodies.ts'
import type { SkillRouter } from '../skill-router.ts'

/** What the routes of the Skill Router's hot path work with. */
export interface SkillRouterRoutesDependencies {
  readonly identity: Identity
  readonly router: SkillRouter
  readonly catalogues: HotCatalogues
  readonly bodies: SkillBodies
  readonly decisions: Pick<DecisionLog, 'record' | 'waiting'>
  readonly embedders: Embedders
  /** Keeps the embedders of workspaces. Errors: `invalid_request` for one that cannot be used. */
  readonly ownEmbedders: Pick<WorkspaceEmbedderStore, 'set' | 'remove'>
  /** Throws where a quota has embedders of one's own switched off. */
  readonly requireOwnEmbedder: (workspaceId: string, caller: Caller) => void
  /** Embeds the skills of a workspace anew; how many there are. Errors: 502 when the model does not answer. */
  readonly reembed: (workspaceId: string) => Promise<number>
  readonly degradations: Degradations
  readonly latency: RecentLatency
  /** Throws what a caller over its rate is told. */
  readonly admitRouteCall: (workspaceId: string, caller: Caller) => void
  readonly idempotent: IdempotentAnswers
  readonly captureContent: () => boolean
  readonly now: () => number
}
