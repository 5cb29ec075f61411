import { defaultStrategy, type GateReport, gateBundle, type OpenedBundle } from '@routeiq/router'
import { type FittedLambdas, Scorers, type TrainedScorers } from '../scorers.ts'

/** The bundle in force, for those who ask. */
export interface ActiveBundle {
  readonly id: string
  readonly manifest: OpenedBundle['manifest']
}

export interface BundleSourceOptions {
  readonly scorers: Scorers
  /** Reads and checks the bundle of a folder. Errors: throws what is wrong with it. */
  readonly read: (folder: string) => OpenedBundle
  readonly log: (level: 'info' | 'warn', event: string, fields: object) => void
}

/** What putting a bundle in force came to. */
export interface BundleSwap {
  readonly old: string | null
  readonly new: string | null
  /** Null when nothing was to be judged. */
  readonly gate: GateReport | null
  /** Why the old one stays; null when it did not have to. */
  readonly problem: 'invalid' | 'gate_failed' | null
  readonly message: string
}

/**
 * The trained bundle of a folder: read, checked and judged aside, and swapped in as one object. Requests under way end with the
 * one they began with; whatever is wrong with a new bundle leaves the old one in force.
 */
export class BundleSource {
  readonly #options: BundleSourceOptions
  #active: ActiveBundle | null = null
  #problem: string | null = null

  constructor(options: BundleSourceOptions) {
    this.#options = options
  }

  get active(): ActiveBundle | null {
    return this.#active
  }

  /** Why the last bundle was not taken; null when it was. */
  get problem(): string | null {
    return this.#problem
  }

  /** Puts the folder's bundle in force, if it differs and passes the gate; `force` passes it through. Null takes it away. */
  load(folder: string | null, labels: Readonly<Record<string, string>>, force = false): BundleSwap {
    const old = this.#active?.id ?? null
    if (folder === null) return this.#clear(old)
    const { opened, ...judged } = this.#open(folder)
    if (opened === null || (judged.problem !== null && !force && judged.new !== old))
      return this.#refuse(judged)
    const { manifest } = opened
    const { gate } = judged
    this.#options.scorers.swap(trainedOf(opened, labels))
    this.#active = { id: manifest.bundle_id, manifest }
    this.#problem = null
    if (manifest.bundle_id !== old)
      this.#options.log('info', 'routing_bundle_loaded', { bundle_id: manifest.bundle_id, replaced: old })
    return { old, new: manifest.bundle_id, gate, problem: null, message: '' }
  }

  /** What putting the folder's bundle in force would come to; nothing changes. */
  judge(folder: string): BundleSwap {
    const { opened: _opened, ...judged } = this.#open(folder)
    return judged
  }

  /** The scorers of the folder's bundle, beside those in force. Errors: throws what is wrong with it. */
  openBeside(folder: string, labels: Readonly<Record<string, string>>): Scorers {
    const scorers = new Scorers(null)
    scorers.swap(trainedOf(this.#options.read(folder), labels))
    return scorers
  }

  #open(folder: string): BundleSwap & { readonly opened: OpenedBundle | null } {
    const old = this.#active?.id ?? null
    let opened: OpenedBundle
    try {
      opened = this.#options.read(folder)
    } catch (error) {
      const { message } = error as Error
      return { old, new: null, gate: null, problem: 'invalid', message, opened: null }
    }
    const { manifest } = opened
    const gate = gateBundle(manifest.metrics, this.#comparable(manifest))
    const swap = { old, new: manifest.bundle_id, gate, opened }
    if (gate.passed) return { ...swap, problem: null, message: '' }
    const failed = gate.checks.filter(({ passed }) => !passed).map(({ name }) => name)
    const message = `the bundle ${manifest.bundle_id} does not pass the gate: ${failed.join(', ')}`
    return { ...swap, problem: 'gate_failed', message }
  }

  #clear(old: string | null): BundleSwap {
    if (old !== null) this.#options.scorers.swap(null)
    this.#active = null
    this.#problem = null
    return { old, new: null, gate: null, problem: null, message: '' }
  }

  #refuse(swap: BundleSwap): BundleSwap {
    if (this.#problem !== swap.message)
      this.#options.log('warn', 'routing_bundle_refused', { reason: swap.message })
    this.#problem = swap.message
    return swap
  }

  /** The active bundle's metrics, where both were measured on the same models. */
  #comparable({ models }: OpenedBundle['manifest']): OpenedBundle['manifest']['metrics'] | null {
    const active = this.#active?.manifest
    const namesOf = (list: OpenedBundle['manifest']['models']): string =>
      list.map(({ name }) => name).join('\n')
    return active === undefined || namesOf(active.models) !== namesOf(models) ? null : active.metrics
  }
}

function trainedOf(
  { manifest, bundle }: OpenedBundle,
  labels: Readonly<Record<string, string>>,
): TrainedScorers {
  return {
    bundleId: manifest.bundle_id,
    parts: { bundle, version: manifest.bundle_id, labels },
    fitted: new Map([
      [defaultStrategy, lambdasOf(bundle.profiles)],
      ...[...bundle.heads].map(([strategy, { profiles }]) => [strategy, lambdasOf(profiles)] as const),
    ]),
  }
}

function lambdasOf(profiles: OpenedBundle['bundle']['profiles']): FittedLambdas {
  return Object.fromEntries(Object.entries(profiles).map(([profile, { lambda }]) => [profile, lambda]))
}
