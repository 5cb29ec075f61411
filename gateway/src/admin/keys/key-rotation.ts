import { gatewayActor } from '../../audit/audit-record.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { KeyRecord } from '../../storage/key-store.ts'
import { KeyAdministration, type KeyAdministrationDependencies } from './key-administration.ts'
import { addDuration, isDuration } from './key-duration.ts'

const pageSize = 500
const everyMs = 10_000

export interface KeyRotationOptions extends KeyAdministrationDependencies {
  readonly keyRing: KeyRing
  /** Whether this replica does what one of them does for all. */
  readonly isLeader: () => Promise<boolean>
  /** Told when rotating has failed; it is tried again. */
  readonly onFailed: (error: unknown) => void
}

/** Gives keys with `auto_rotate` another text when they are due. Returns what ends it. */
export function startKeyRotation(options: KeyRotationOptions): () => void {
  let isRunning = false
  const run = async (): Promise<void> => {
    if (isRunning || !options.settings().keyRotation.isEnabled) return
    isRunning = true
    try {
      if (await options.isLeader()) await rotateDueKeys(options)
    } catch (error) {
      options.onFailed(error)
    } finally {
      isRunning = false
    }
  }
  const timer = setInterval(() => void run(), everyMs).unref()
  return () => clearInterval(timer)
}

/** Errors: 503 `storage_unavailable`, 503 `encryption_not_configured`. */
async function rotateDueKeys(options: KeyRotationOptions): Promise<void> {
  const { keys, keyRing, settings, identity } = options
  const administration = new KeyAdministration(options)
  let after = ''
  while (true) {
    const page = await keys.listRotating(after, pageSize)
    for (const record of page.filter((one) => isDue(one, options))) {
      const renewed = await administration.rotate(record, settings().keyRotation.gracePeriod, keyRing)
      if (renewed === null) continue
      identity.audit.record({
        ...{ requestId: null, actor: gatewayActor, action: 'management.key.rotate' },
        ...{ resourceType: 'key', resourceId: renewed.tokenHash, outcome: 'success' },
        metadata: { former: record.tokenHash },
      })
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.tokenHash
  }
}

function isDue(
  { settings, createdAt }: KeyRecord,
  { settings: configured, now }: KeyRotationOptions,
): boolean {
  const { rotation_interval: own, last_rotation_at: last } = settings
  const interval = typeof own === 'string' && isDuration(own) ? own : configured().keyRotation.interval
  const since = typeof last === 'string' ? Date.parse(last) : createdAt
  return addDuration(since, interval) <= now()
}
