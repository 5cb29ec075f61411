import { findStrategy } from '@routeiq/router'
import { z } from 'zod'
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
      const before = modelNames(deps)
      const report = deps.reload()
      if (!report.succeeded)
        return failure(422, 'the configuration has errors; the one in force stays', report.errors)
      await bundleShelf.refresh()
      const swap = loadBundle(body.force)
      if (swap.problem !== null) return refusal(swap)
      await announceReload()
      return { body: describe(deps, before, report.changed, swap) }
    },
  })
}

function describe(
  deps: RoutingApiDependencies,
  before: ReadonlyMap<string, string>,
  changed: boolean,
  swap: BundleSwap,
): object {
  const after = modelNames(deps)
  const isSwapped = swap.old !== swap.new
  return {
    status: 'success',
    message: 'Config reload triggered',
    synced_from_remote: false,
    config_version_hash: deps.gateway.runtime().config.versionHash,
    changed: changed || isSwapped,
    models: {
      added: [...after.keys()].filter((name) => !before.has(name)),
      removed: [...before.keys()].filter((name) => !after.has(name)),
      updated: [...after].flatMap(([name, text]) => {
        const was = before.get(name)
        return was === undefined || was === text ? [] : [name]
      }),
    },
    strategies_reloaded: isSwapped ? [...(deps.scorers.trained?.fitted.keys() ?? [])] : [],
    bundle: { old: swap.old, new: swap.new, gate: swap.gate },
  }
}

/** What a group is made of, as text to be compared. */
function modelNames({ gateway }: RoutingApiDependencies): ReadonlyMap<string, string> {
  const { groups } = gateway.runtime().routing
  return new Map(
    [...groups].map(([name, { deployments }]) => [
      name,
      deployments.map(({ id, upstreamModel, apiBase }) => `${id} ${upstreamModel} ${apiBase}`).join('\n'),
    ]),
  )
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
