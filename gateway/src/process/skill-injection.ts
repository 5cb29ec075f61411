import { randomUUID } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import type { BlobSealer } from '../conversation/blob-sealer.ts'
import { defaultWorkspace } from '../identity/workspace.ts'
import { SkillInjector } from '../injection/skill-injector.ts'
import { TurnReports } from '../injection/turn-reports.ts'
import { TurnStore } from '../injection/turn-store.ts'
import { InjectedSkills } from '../skill-router/injected-skills.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import type { Evidence } from './evidence.ts'
import type { Hub } from './hub.ts'
import { recordTrace } from './record-trace.ts'
import type { SkillRouting } from './skill-router.ts'
import type { Telemetry } from './telemetry.ts'

const turnsInMemory = 10_000

export interface SkillInjection {
  readonly injector: SkillInjector
  /** Writes the traces of turns that are still open. */
  close(): void
}

export interface SkillInjectionOptions {
  readonly hub: Hub
  readonly evidence: Evidence
  readonly skillRouting: SkillRouting
  readonly telemetry: Telemetry
  readonly sealer: BlobSealer
  readonly config: () => GatewayConfig
  readonly now: () => number
}

/** Puts together what gives requests their skills. */
export function openSkillInjection(options: SkillInjectionOptions): SkillInjection {
  const { hub, skillRouting, sealer, config, now } = options
  const reports = new TurnReports({
    write: (workspaceId, trace) => void recordTrace(options, workspaceId, trace),
    newId: randomUUID,
  })
  const { router, catalogues, bodies, decisions, degradations } = skillRouting
  // So that the first request does not have to do without; a store that is away is asked again by it.
  catalogues.load(defaultWorkspace).catch(() => {})
  const injector = new SkillInjector({
    source: new InjectedSkills({
      router,
      catalogues,
      bodies,
      decisions,
      degradations,
      captureContent: () => config().skillRouter.captureContent,
      hintK: () => config().skillRouter.hintK,
      now,
    }),
    turns: new TurnStore({
      shared: hub.state,
      sealer,
      replicated: !(hub.state instanceof InProcessState),
      limit: turnsInMemory,
    }),
    policy: () => config().skillInjection,
    report: (workspaceId, record, answer) => reports.add(workspaceId, record, answer),
    now,
  })
  return { injector, close: () => reports.close() }
}
