import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { BundleMove, ShelvedBundle } from '../model-routing/bundles/bundle-shelf.ts'
import type { BundleSwap } from '../model-routing/bundles/bundle-source.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** `GET /api/v1/evidence/bundles`: the bundles of `LLMROUTER_MODELS_PATH` and the one in force. */
export function listBundlesEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, bundles, bundleShelf } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async () => {
      await bundleShelf.refresh()
      const found = bundleShelf.list().map((shelved) => describeShelved(deps, shelved))
      return {
        body: {
          active: bundles.active?.id ?? null,
          promoted: bundleShelf.inForce?.bundleId ?? null,
          staged: bundleShelf.staged,
          bundles: found,
          total: found.length,
        },
      }
    },
  })
}

function describeShelved({ bundles, bundleShelf }: RoutingApiDependencies, shelved: ShelvedBundle): object {
  const { manifest, folder, problem } = shelved
  if (manifest === null) return { bundle_id: null, folder, state: 'invalid', problem }
  const isActive = manifest.bundle_id === bundles.active?.id
  return {
    bundle_id: manifest.bundle_id,
    version: manifest.version,
    folder,
    state: isActive ? 'active' : bundleShelf.staged.includes(manifest.bundle_id) ? 'staged' : 'available',
    models: manifest.models.map(({ name }) => name),
    metrics: manifest.metrics,
    signed: manifest.signature !== undefined,
    created_at: manifest.created_at,
    problem,
  }
}

const forceSchema = z.object({ force: z.boolean().default(false) })

/**
 * `POST /api/v1/evidence/bundles/{id}/{stage|promote|rollback}`: looks at a bundle without serving by it, puts it in force in every
 * process, or takes it back. Errors: 404, 409 `gate_failed` with the report, 422 for what is no sound bundle.
 */
export function moveBundleEndpoint(deps: RoutingApiDependencies, action: BundleMove['action']): Endpoint {
  const { gateway, bundleShelf, bundles, announceReload } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: forceSchema,
    answer: async ({ caller, params, body }) => {
      const bundleId = params['id'] ?? ''
      await bundleShelf.refresh()
      if (action === 'rollback') requireInForce(deps, bundleId)
      else {
        const looked = bundles.judge(requireShelved(bundleShelf, bundleId).folder)
        if (looked.problem === 'invalid') throw new GatewayError('validation_failed', looked.message)
        if (action === 'promote' && looked.problem === 'gate_failed' && !body.force) throw gateFailed(looked)
        if (action === 'stage') {
          await bundleShelf.record(moveOf(action, bundleId, false, caller?.keyHash ?? null, gateway.now()))
          return { body: { status: 'staged', bundle_id: bundleId, gate: looked.gate } }
        }
      }
      await bundleShelf.record(moveOf(action, bundleId, body.force, caller?.keyHash ?? null, gateway.now()))
      const swap = deps.loadBundle(body.force)
      await announceReload()
      return { body: { status: 'success', old: swap.old, new: swap.new, gate: swap.gate } }
    },
  })
}

/** Errors: 404 `bundle_not_found`. */
export function requireShelved(
  shelf: RoutingApiDependencies['bundleShelf'],
  bundleId: string,
): ShelvedBundle {
  const shelved = shelf.find(bundleId)
  if (shelved !== null) return shelved
  throw new GatewayError('bundle_not_found', `There is no bundle ${bundleId} under LLMROUTER_MODELS_PATH.`)
}

function moveOf(
  action: BundleMove['action'],
  bundleId: string,
  forced: boolean,
  keyHash: string | null,
  createdAt: number,
): BundleMove {
  return { action, bundleId, forced, keyHash, createdAt }
}

function requireInForce({ bundleShelf }: RoutingApiDependencies, bundleId: string): void {
  if (bundleShelf.inForce?.bundleId === bundleId) return
  throw new GatewayError(
    'invalid_transition',
    `Only the bundle that was promoted last can be taken back; ${bundleId} is not in force by a promotion.`,
  )
}

function gateFailed({ message, gate }: BundleSwap): GatewayError {
  return new GatewayError('gate_failed', message, { extras: { gate } })
}
