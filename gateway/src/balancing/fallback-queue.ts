import type { FallbackTarget } from '../config/config.ts'
import type { ModelGroup } from '../deployments/deployment.ts'
import { type Resolution, resolveTarget } from '../deployments/resolve-model.ts'
import type { AttemptRequest } from './attempt-request.ts'
import type { FailureRule } from './failure-rules.ts'
import { findFallbacks, type NamedTarget } from './fallback.ts'
import { GroupRun } from './group-run.ts'
import type { RoutingContext } from './routing-context.ts'

/**
 * The fallback targets of one request, in the order they will be tried. Each target is queued once and the groups
 * already used are skipped, so chains that lead in a circle end.
 */
export class FallbackQueue {
  private readonly routing: RoutingContext
  private readonly original: Resolution
  private readonly request: AttemptRequest
  private readonly queued = new Set<string>()
  private readonly visited = new Set<string>()
  private targets: NamedTarget[] = []
  private ready: GroupRun | null = null
  private taken = 0

  constructor(routing: RoutingContext, original: Resolution, request: AttemptRequest) {
    this.routing = routing
    this.original = original
    this.request = request
  }

  /** Whether a failure in `failed` can be answered by a fallback that can be called now. */
  hasNext(fallback: FailureRule['fallback'], failed: ModelGroup, now: number): boolean {
    const { routing } = this.routing.snapshot
    const optedOut = fallback === 'opt-in' && !routing.fallbackOnBadRequest
    if (fallback === 'none' || optedOut || this.request.fallbacks?.disabled === true) return false
    if (this.taken >= routing.maxFallbacks) return false
    this.enqueue(fallback, failed)
    this.visited.add(failed.name)
    if (this.ready !== null && this.ready.candidates(now).length > 0) return true
    this.ready = this.findReady(now)
    return this.ready !== null
  }

  /** Takes the fallback that `hasNext` found. */
  take(): GroupRun | null {
    const run = this.ready
    this.ready = null
    if (run !== null) this.taken++
    return run
  }

  /** The names of all targets that were queued so far. */
  describeTargets(): readonly string[] {
    return [...this.queued].map((key) => key.slice(key.indexOf(':') + 1))
  }

  /** Lists made for the kind of failure go first; general ones wait their turn. */
  private enqueue(fallback: FailureRule['fallback'], failed: ModelGroup): void {
    const requestedName = failed === this.original.group ? this.original.requestedName : null
    const found = findFallbacks(
      fallback,
      failed,
      requestedName,
      this.routing.snapshot.routing,
      this.request.fallbacks,
    )
    // Whoever asks for one deployment by its id wants no other, unless the request itself names some.
    const wanted = this.original.pinned ? found.filter(({ fromRequest }) => fromRequest) : found
    const fresh = wanted.filter(({ target }) => this.remember(target))
    const specific = fallback === 'context_window' || fallback === 'content_policy'
    this.targets = specific ? [...fresh, ...this.targets] : [...this.targets, ...fresh]
  }

  private remember(target: FallbackTarget): boolean {
    const key = typeof target === 'string' ? `name:${target}` : `map:${target.model}`
    if (this.queued.has(key)) return false
    this.queued.add(key)
    return true
  }

  private findReady(now: number): GroupRun | null {
    for (let next = this.targets.shift(); next !== undefined; next = this.targets.shift()) {
      const run = this.prepare(next)
      if (run === null) continue
      if (run.candidates(now).length > 0 || run.advanceLevel(now)) return run
    }
    return null
  }

  private prepare({ target, fromRequest }: NamedTarget): GroupRun | null {
    const name = typeof target === 'string' ? target : target.model
    const resolution = resolveTarget(this.routing.snapshot, name, this.request.teamId)
    if (resolution === null) return null
    const key = resolution.pinned ? `id:${name}` : resolution.group.name
    if (this.visited.has(key)) return null
    const isExempt = !fromRequest && this.routing.snapshot.routing.fallbacksIgnoreKeyModels
    if (!this.request.mayUse(resolution, isExempt)) return null
    this.visited.add(key)
    return new GroupRun(this.routing, this.request, resolution, readOverrides(target))
  }
}

function readOverrides(target: FallbackTarget): Readonly<Record<string, unknown>> | null {
  if (typeof target === 'string') return null
  const { model: _model, ...overrides } = target
  return overrides
}
