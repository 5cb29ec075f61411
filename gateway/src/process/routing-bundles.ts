import { randomUUID } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import { BundleShelf } from '../model-routing/bundles/bundle-shelf.ts'
import { BundleSource, type BundleSwap } from '../model-routing/bundles/bundle-source.ts'
import type { Scorers } from '../model-routing/scorers.ts'
import type { Hub } from './hub.ts'
import { readBundle, scanBundles } from './read-bundle.ts'
import type { Telemetry } from './telemetry.ts'

const reloadChannel = 'routeiq:routing-reload'

export interface RoutingBundles {
  readonly bundles: BundleSource
  readonly bundleShelf: BundleShelf
  /** Puts the bundle that should be in force in force: the one promoted last, else the configured one. */
  readonly loadBundle: (force?: boolean) => BundleSwap
  /** Tells every other process to read configuration and bundle again. */
  readonly announceReload: () => Promise<void>
  readonly close: () => void
}

interface RoutingBundlesOptions {
  readonly hub: Pick<Hub, 'state' | 'bundleMoves'>
  readonly telemetry: Pick<Telemetry, 'logger'>
  readonly scorers: Scorers
  readonly config: () => GatewayConfig
  /** Reads the configuration again, because another process was told to. */
  readonly reload: () => void
}

/** Loads the bundle now, looks for another one at the configured interval, and follows what other processes are told. */
export async function openRoutingBundles(options: RoutingBundlesOptions): Promise<RoutingBundles> {
  const { hub, telemetry, scorers, config, reload } = options
  const { logger } = telemetry
  const shelf = new BundleShelf({
    moves: hub.bundleMoves,
    scan: () => scanBundles(config().modelRouting.bundlesPath),
    onError: (error) =>
      logger.log('warn', 'routing_bundles_not_read', {
        reason: error instanceof Error ? error.message : String(error),
      }),
  })
  const bundles = new BundleSource({
    scorers,
    read: (folder) => readBundle(folder, config().modelRouting.trustedKeys),
    log: (level, event, fields) => logger.log(level, event, { ...fields }),
  })
  const loadBundle = (force = false): BundleSwap => {
    const { bundlePath, labels } = config().modelRouting
    const promoted = shelf.inForce
    const folder = promoted === null ? null : (shelf.find(promoted.bundleId)?.folder ?? null)
    return bundles.load(folder ?? bundlePath, labels, force || (folder !== null && promoted?.forced === true))
  }
  await shelf.refresh()
  loadBundle()
  const stopWatching = watch(async () => {
    await shelf.refresh()
    loadBundle()
  }, config)
  const origin = randomUUID()
  await hub.state.subscribe(reloadChannel, (sender) => {
    if (sender === origin) return
    reload()
    void shelf.refresh().then(() => loadBundle())
  })
  return {
    ...{ bundles, bundleShelf: shelf, loadBundle },
    announceReload: () => hub.state.publish(reloadChannel, origin),
    close: stopWatching,
  }
}

function watch(look: () => Promise<void>, config: () => GatewayConfig): () => void {
  let timer: NodeJS.Timeout
  let isClosed = false
  const schedule = (): void => {
    if (isClosed) return
    timer = setTimeout(() => void look().finally(schedule), config().modelRouting.reloadIntervalMs)
    timer.unref()
  }
  schedule()
  return () => {
    isClosed = true
    clearTimeout(timer)
  }
}
