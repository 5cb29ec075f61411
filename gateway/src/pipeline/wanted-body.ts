import type { CacheControlInjectionPoint } from '../config/config.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { removePath } from '../json/remove-path.ts'

type Body = Readonly<Record<string, unknown>>

/**
 * The body a deployment should get, before any translation: the client's, with the deployment's default
 * parameters where the client set none, a fallback's overrides on top, and configured drops and cache marks.
 * Returns the client's own object when nothing changes.
 */
export function buildWantedBody(body: Body, deployment: Deployment, overrides: Body | null): Body {
  const { config } = deployment
  let wanted = withDefaults(body, config.defaultParams, config.extraBody)
  if (overrides !== null) {
    const { model: _, ...members } = overrides
    wanted = { ...wanted, ...members }
  }
  for (const path of config.additionalDropParams) wanted = removePath(wanted, path)
  if (config.cacheControlInjectionPoints.length > 0)
    wanted = markForCaching(wanted, config.cacheControlInjectionPoints)
  return wanted
}

function withDefaults(body: Body, ...sources: readonly Body[]): Body {
  let merged: Record<string, unknown> | null = null
  for (const source of sources) {
    for (const name in source) {
      if ((merged ?? body)[name] !== undefined) continue
      merged ??= { ...body }
      merged[name] = source[name]
    }
  }
  return merged ?? body
}

const ephemeral = { type: 'ephemeral' } as const

/** Puts a prompt-cache mark on the messages the operator named, by role or by index (negative from the end). */
function markForCaching(body: Body, points: readonly CacheControlInjectionPoint[]): Body {
  const messages = body['messages']
  if (!Array.isArray(messages)) return body
  const marked = messages.map((message: unknown, index) =>
    isRecord(message) && points.some((point) => selects(point, message, index, messages.length))
      ? { ...message, cache_control: ephemeral }
      : message,
  )
  return { ...body, messages: marked }
}

function selects(point: CacheControlInjectionPoint, message: Body, index: number, count: number): boolean {
  if (point.index !== null) return index === (point.index < 0 ? count + point.index : point.index)
  return point.role !== null && message['role'] === point.role
}

/** What else stands in `messages` is the provider's to refuse. */
function isRecord(value: unknown): value is Body {
  return typeof value === 'object' && value !== null
}
