import { findStrategy } from '@routeiq/router'
import { z } from 'zod'
import type { SyncOutcome } from '../config-sync/config-sync.ts'
import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { BundleSwap } from '../model-routing/bundles/bundle-source.ts'
import { type ControlAnswer, controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const reloadSchema = z.object({
  strategy: z.string().nullish(),
  force_sync: z.boolean().default(false),
  force: z.boolean().default(false),
})

/** `POST /router/reload` and its aliases: configuration and bundle are read again and swapped while requests go on. */
export function reloadEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, bundleShelf, loadBundle, announceReload } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: reloadSchema,
    alsoAdmits: (caller) => holdsPermission(caller, 'system.config.reload'),
    answer: async ({ body }) => {
      if (typeof body.strategy === 'string' && findStrategy(body.strategy) === null)
        return failure(404, `there is no strategy ${body.strategy}`, [])
      const before = standOf(deps)
      const fetched = body.force_sync ? await deps.fetchConfiguration() : null
      const problem = fetched === null ? null : failureOf(fetched)
      if (problem !== null) return problem
      const report = deps.reload()
      if (!report.succeeded)
        return failure(422, 'the configuration has errors; the one in force stays', report.errors)
      await bundleShelf.refresh()
      const swap = loadBundle(body.force)
      if (swap.problem !== null) return refusal(swap)
      await announceReload()
      return { body: describe(deps, before, fetched !== null, swap) }
    },
  })
}

function describe(deps: RoutingApiDependencies, before: Stand, isFetched: boolean, swap: BundleSwap): object {
  const after = standOf(deps)
  const isSwapped = swap.old !== swap.new
  return {
    status: 'success',
    message: 'Config reload triggered',
    synced_from_remote: isFetched,
    config_version_hash: after.versionHash,
    changed: after.versionHash !== before.versionHash || isSwapped,
    models: {
      added: [...after.models.keys()].filter((name) => !before.models.has(name)),
      removed: [...before.models.keys()].filter((name) => !after.models.has(name)),
      updated: [...after.models].flatMap(([name, text]) => {
        const was = before.models.get(name)
        return was === undefined || was === text ? [] : [name]
      }),
    },
    strategies_reloaded: isSwapped ? [...(deps.scorers.trained?.fitted.keys() ?? [])] : [],
    bundle: { old: swap.old, new: swap.new, gate: swap.gate },
  }
}

/** What is in force, to be compared. */
interface Stand {
  readonly versionHash: string
  /** Group → what it is made of. */
  readonly models: ReadonlyMap<string, string>
}

function standOf({ gateway }: RoutingApiDependencies): Stand {
  const { config, routing } = gateway.runtime()
  const models = [...routing.groups].map(([name, { deployments }]) => {
    const parts = deployments.map(({ id, upstreamModel, apiBase }) => `${id} ${upstreamModel} ${apiBase}`)
    return [name, parts.join('\n')] as const
  })
  return { versionHash: config.versionHash, models: new Map(models) }
}

/** Null when the place of the configuration answered with one that can be used. */
function failureOf(outcome: SyncOutcome): ControlAnswer | null {
  if (outcome.kind === 'synced') return null
  if (outcome.kind === 'unreachable')
    return failure(502, `the remote configuration cannot be read: ${outcome.message}`, [])
  return failure(422, 'the remote configuration has errors; the one in force stays', outcome.problems)
}

function refusal({ problem, message, gate }: BundleSwap): ControlAnswer {
  return failure(problem === 'gate_failed' ? 409 : 422, message, [], { code: problem, gate })
}

function failure(
  status: number,
  message: string,
  errors: readonly { readonly path: string; readonly message: string }[],
  detail: object = {},
): ControlAnswer {
  return { status, body: { status: 'failed', error: 'config_reload_failed', message, errors, detail } }
}
