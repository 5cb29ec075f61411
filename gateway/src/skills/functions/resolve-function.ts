import { GatewayError } from '@routeiq/contract'
import type { FunctionCandidate, FunctionSnapshot } from './function-catalogue.ts'

/**
 * The function a name means: qualified by its namespace, else `Class.method`, a function or a class. Null when there is
 * none. Error: `skill_ambiguous` with the candidates when several modules have it.
 */
export function resolveFunction(snapshot: FunctionSnapshot, name: string): FunctionCandidate | null {
  const exact = snapshot.byFullName.get(name)
  if (exact !== undefined) return exact
  const [first, second] = snapshot.byShortName.get(name) ?? []
  if (second === undefined) return first ?? null
  const candidates = (snapshot.byShortName.get(name) ?? []).map(({ fullName }) => fullName)
  throw new GatewayError(
    'skill_ambiguous',
    `${name} could be ${candidates.join(' or ')}; use the full name.`,
    { extras: { candidates } },
  )
}

/** The class of a method, with the arguments of its constructor. */
export function ownerOf(
  { byFullName }: FunctionSnapshot,
  { item, module }: FunctionCandidate,
): FunctionCandidate['item'] | null {
  if (item.kind !== 'method') return null
  return byFullName.get(`${module.namespace}.${item.name.slice(0, item.name.lastIndexOf('.'))}`)?.item ?? null
}
