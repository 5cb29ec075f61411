import type { Deployment } from '../deployments/deployment.ts'
import { removePath } from '../json/remove-path.ts'
import type { Protocol } from '../protocols/protocol.ts'

type Body = Readonly<Record<string, unknown>>

/**
 * The body a deployment should get, before any translation: the client's, with the deployment's default
 * parameters where the client set none, overrides on top (undefined removes a member), and configured drops and cache marks.
 * Returns the client's own object when nothing changes.
 */
export function buildWantedBody(
  body: Body,
  deployment: Deployment,
  overrides: Body | null,
  { markForCaching }: Pick<Protocol, 'markForCaching'>,
): Body {
  const { config, editsBody } = deployment
  if (!editsBody && overrides === null) return body
  let wanted = withDefaults(body, config.defaultParams, config.extraBody)
  if (overrides !== null) {
    const { model: _, ...members } = overrides
    wanted = { ...wanted, ...members }
    for (const name in members) if (members[name] === undefined) wanted = removePath(wanted, name)
  }
  for (const path of config.additionalDropParams) wanted = removePath(wanted, path)
  if (config.cacheControlInjectionPoints.length > 0 && markForCaching !== undefined)
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
