import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'

export interface Translation {
  /** From 0.3 to 1.0, or from 1.0 to 0.3. */
  readonly direction: 'up' | 'down'
  /** Members of an object are too large to travel. */
  readonly onDropped: () => void
}

export interface Shape {
  /** The discriminator of 0.3; 1.0 has none. */
  readonly kind: string | null
  /** How to translate each known member; null leaves it as it is. `metadata` is known everywhere. */
  readonly members: Readonly<Record<string, ((value: unknown, to: Translation) => unknown) | null>>
}

/** Where members travel that the other version does not know. */
const carrier = 'routeiq/extra'
const maxCarriedCharacters = 16_384

/**
 * An object in the other version. What neither version knows goes along in `metadata` and becomes members again on its
 * way back; more than 16 KiB of it is dropped.
 */
export function translateMembers(record: JsonRecord, to: Translation, shape: Shape): JsonRecord {
  const { kind: _, metadata: given, ...members } = record
  const { [carrier]: carried, ...kept } = readRecord(given) ?? {}
  const metadata: Record<string, unknown> = kept
  const translated: Record<string, unknown> = {}
  const unknown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    const translate = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
    if (translate === undefined) unknown[name] = value
    else translated[name] = translate === null ? value : translate(value, to)
  }
  if (Object.keys(unknown).length > 0) {
    if (JSON.stringify(unknown).length <= maxCarriedCharacters) metadata[carrier] = unknown
    else to.onDropped()
  }
  return {
    ...(to.direction === 'down' && shape.kind !== null ? { kind: shape.kind } : {}),
    ...translated,
    ...unknownMembers(carried, shape),
    ...(given !== undefined || Object.keys(metadata).length > 0
      ? withoutEmpty(metadata, given, carried)
      : {}),
  }
}

/** Travelling members are whatever a client wrote: they never stand in for known ones. */
function unknownMembers(carried: unknown, shape: Shape): JsonRecord {
  const members = Object.entries(readRecord(carried) ?? {})
  const isKnown = (name: string): boolean =>
    name === 'kind' || name === 'metadata' || name === 'final' || Object.hasOwn(shape.members, name)
  return Object.fromEntries(members.filter(([name]) => !isKnown(name)))
}

/** Metadata that held nothing but what travelled in it was not there before. */
function withoutEmpty(metadata: JsonRecord, given: unknown, carried: unknown): JsonRecord {
  if (Object.keys(metadata).length === 0 && carried !== undefined) return {}
  return { metadata: readRecord(given) === null && Object.keys(metadata).length === 0 ? given : metadata }
}
