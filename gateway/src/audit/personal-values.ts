import { createHash } from 'node:crypto'
import type { AuditRecord } from './audit-record.ts'
import type { PersonalValue } from './audit-store.ts'

const digestPrefix = 'sha256:'
/** What a reader sees where a value was erased. */
const erased = '[erased]'
/** Resources that are people. */
const people = new Set(['user', 'customer'])
const personalMetadata = new Set(['user_id', 'user_email', 'end_user'])

/** Replaces what a record says of persons by salted digests, and returns the values beside it. */
export function sealPersonal(
  record: AuditRecord,
  newSalt: () => string,
): { readonly sealed: AuditRecord; readonly personal: readonly PersonalValue[] } {
  const personal: PersonalValue[] = []
  const sealed = mapPersonal(record, (member, value) => {
    const salt = newSalt()
    personal.push({ auditId: record.id, member, salt, value })
    return digestPersonal(salt, value)
  })
  return { sealed, personal }
}

/** A record as it was before its persons were sealed, as far as they were not erased. */
export function openPersonal(sealed: AuditRecord, personal: readonly PersonalValue[]): AuditRecord {
  const values = new Map(personal.map(({ member, value }) => [member, value]))
  return mapPersonal(sealed, (member, digest) =>
    digest.startsWith(digestPrefix) ? (values.get(member) ?? erased) : digest,
  )
}

/** Whether a value is still the one its row was written with. */
export function isUnchanged(sealed: AuditRecord, { member, salt, value }: PersonalValue): boolean {
  return readMember(sealed, member) === digestPersonal(salt, value)
}

function digestPersonal(salt: string, value: string): string {
  return digestPrefix + createHash('sha256').update(salt).update(value).digest('hex')
}

function mapPersonal(record: AuditRecord, map: (member: string, value: string) => string): AuditRecord {
  const { actorType, actorId, resourceType, resourceId } = record
  const isPersonActor = actorType === 'user' && actorId !== null
  const isPersonResource = people.has(resourceType) && resourceId !== null
  const metadata = Object.entries(record.metadata).map(([name, value]) => [
    name,
    personalMetadata.has(name) && typeof value === 'string' ? map(name, value) : value,
  ])
  return {
    ...record,
    actorId: isPersonActor ? map('actor_id', actorId) : actorId,
    resourceId: isPersonResource ? map('resource_id', resourceId) : resourceId,
    metadata: Object.fromEntries(metadata),
  }
}

function readMember({ actorId, resourceId, metadata }: AuditRecord, member: string): unknown {
  if (member === 'actor_id') return actorId
  return member === 'resource_id' ? resourceId : metadata[member]
}
