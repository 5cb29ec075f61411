import { type JsonRecord, readRecords, readText } from '../../conversation/json-value.ts'

/** A tool as its caller named it. */
export interface QualifiedName {
  readonly namespace: string | null
  readonly name: string
}

/** The one name under which a tool of a namespace is offered to models that know none. */
export function flattenName(namespace: string | null, name: string): string {
  return namespace === null ? name : `${namespace}__${name}`
}

/** Flat name → the caller's, for the tools of the request's namespaces. */
export function readNamespaces(body: JsonRecord): ReadonlyMap<string, QualifiedName> {
  const names = new Map<string, QualifiedName>()
  for (const tool of readRecords(body['tools'])) {
    const namespace = readText(tool['name'])
    if (tool['type'] !== 'namespace' || namespace === null) continue
    for (const member of readRecords(tool['tools'])) {
      const name = readText(member['name'])
      if (name !== null) names.set(flattenName(namespace, name), { namespace, name })
    }
  }
  return names
}
