import type { Manifest, ManifestComponent } from './manifest.ts'

export interface ManifestDiff {
  readonly added: readonly ManifestComponent[]
  readonly removed: readonly ManifestComponent[]
  readonly changed: readonly { readonly before: ManifestComponent; readonly after: ManifestComponent }[]
}

/** What differs between two states of an agent. Components are the same when type and name are. */
export function diffManifests(before: Manifest, after: Manifest): ManifestDiff {
  const old = new Map(before.components.map((component) => [keyOf(component), component]))
  const current = new Map(after.components.map((component) => [keyOf(component), component]))
  return {
    added: after.components.filter((component) => !old.has(keyOf(component))),
    removed: before.components.filter((component) => !current.has(keyOf(component))),
    changed: after.components.flatMap((component) => {
      const previous = old.get(keyOf(component))
      return previous === undefined || isSame(previous, component)
        ? []
        : [{ before: previous, after: component }]
    }),
  }
}

function keyOf({ component_type, component_name }: ManifestComponent): string {
  return `${component_type}\n${component_name}`
}

/** Hashes decide where both have one. */
function isSame(left: ManifestComponent, right: ManifestComponent): boolean {
  if (left.content_hash && right.content_hash) return left.content_hash === right.content_hash
  return (
    (left.component_version ?? null) === (right.component_version ?? null) &&
    JSON.stringify(left.schema_json ?? null) === JSON.stringify(right.schema_json ?? null)
  )
}
