import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedState } from '../../storage/shared-state/shared-state.ts'
import { scannerVersion } from '../scan/scan-skill.ts'
import type { SkillStore } from '../skill-store.ts'
import type { SkillWriter } from './skill-writer.ts'

const batchSize = 50
const pauseMs = 20
/** How long one process has the work to itself. */
const turnMs = 600_000

export interface RescanOptions {
  readonly store: SkillStore
  readonly writer: SkillWriter
  readonly state: Pick<SharedState, 'increment'>
  readonly isOff: () => boolean
  readonly onError: (error: unknown) => void
}

/**
 * Scans again, in the background and in one process of all, what an older scanner or none has looked at. Returns a
 * function that stops it.
 */
export function rescanSkills(options: RescanOptions): () => void {
  let isStopped = false
  void rescan(options, () => isStopped).catch(options.onError)
  return () => {
    isStopped = true
  }
}

async function rescan(
  { store, writer, state, isOff }: RescanOptions,
  isStopped: () => boolean,
): Promise<void> {
  if (isOff()) return
  const turn = { key: `skills:rescan:${scannerVersion}`, by: 1, ttlMs: turnMs, limit: 1 }
  if ((await state.increment([turn])).refusedBy !== null) return
  for (;;) {
    const outdated = await store.listOutdatedScans(scannerVersion, batchSize)
    for (const { workspaceId, skillId, versionId } of outdated) {
      if (isStopped()) return
      await writer.rescan(workspaceId, skillId, versionId)
      await sleep(pauseMs, undefined, { ref: false })
    }
    if (outdated.length < batchSize) return
  }
}
