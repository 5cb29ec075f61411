import type { GovernedCall } from '../governor.ts'

/** Names of metadata that stand for who is calling, whatever the metadata says. */
const principals: Readonly<Record<string, (call: GovernedCall) => string | null>> = {
  'metadata._user': ({ caller }) => caller.userId,
  'metadata._team': ({ caller }) => caller.teamId,
  'metadata._organization': ({ caller }) => caller.organizationId,
  'metadata._api_key': ({ caller }) => caller.keyAlias ?? caller.keyHash,
}

/** Whether a path can be answered without looking into the request. */
export function isOfCaller(path: string): boolean {
  return !path.startsWith('metadata.') || path in principals
}

/**
 * What a call is, by the path a policy names; several where it goes by several names, empty where it is not known. Of
 * metadata that of the key counts before what the request says.
 */
export function factsOf(call: GovernedCall, path: string): readonly string[] {
  const { caller, group, requestedModel, route } = call
  switch (path) {
    case 'model':
      return group.name === requestedModel ? [requestedModel] : [group.name, requestedModel]
    case 'provider':
      return [...new Set(group.deployments.map(({ provider }) => provider.id))]
    case 'route':
      return route === null ? [] : [route, `/v1${route}`]
    case 'api_key':
      return present(caller.keyAlias, caller.keyHash)
    case 'user':
      return present(caller.userId)
    case 'team':
      return present(caller.teamId)
  }
  const principal = principals[path]
  if (principal !== undefined) return present(principal(call))
  const name = path.slice('metadata.'.length)
  return present(textAt(caller.metadata, name) ?? textAt(call.body['metadata'], name))
}

const present = (...values: readonly (string | null)[]): string[] =>
  values.filter((value): value is string => value !== null)

/** A member by its dotted name; a name with dots of its own counts too. */
function textAt(value: unknown, name: string): string | null {
  const own = memberOf(value, name)
  const found = own ?? name.split('.').reduce<unknown>(memberOf, value)
  if (typeof found === 'string') return found
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : null
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
