import type { MemberSpan, ObjectMembers } from './object-members.ts'

/** Top-level changes to a JSON object: members to set (JSON text, ready to stand there) and to remove. */
export interface MemberEdits {
  readonly set: ReadonlyMap<string, string>
  readonly remove: ReadonlySet<string>
}

/**
 * Applies edits to the original bytes; everything else, number spelling and white space included, stays as it
 * was. A key that stands there more than once is set once and its duplicates are removed, so that no reader can
 * see an older value.
 */
export function editMembers(bytes: Buffer, object: ObjectMembers, edits: MemberEdits): Buffer {
  return Buffer.concat(spliceMembers(bytes, object, edits))
}

/** The same, as the stretches of the original and what is put between them. */
export function spliceMembers(bytes: Buffer, object: ObjectMembers, edits: MemberEdits): Buffer[] {
  const pending = new Map(edits.set)
  const kept: (MemberSpan | { readonly span: MemberSpan; readonly text: string })[] = []
  for (const span of object.members) {
    if (edits.remove.has(span.key)) continue
    const text = edits.set.get(span.key)
    if (text === undefined) kept.push(span)
    else if (pending.delete(span.key)) kept.push({ span, text })
  }
  return kept.length === object.members.length
    ? splice(bytes, object, kept, pending)
    : rebuild(bytes, kept, pending)
}

/** Replaces the value of one member that stands there once. */
export function spliceValue(bytes: Buffer, { valueStart, valueEnd }: MemberSpan, text: Buffer): Buffer[] {
  return [bytes.subarray(0, valueStart), text, bytes.subarray(valueEnd)]
}

/** The only member of this name, null when there is none or more than one. */
export function findOnlyMember(object: ObjectMembers, key: string): MemberSpan | null {
  let found: MemberSpan | null = null
  for (const member of object.members) {
    if (member.key !== key) continue
    if (found !== null) return null
    found = member
  }
  return found
}

type Kept = MemberSpan | { readonly span: MemberSpan; readonly text: string }

/** Nothing was removed: copy the stretches between the changed values. */
function splice(
  bytes: Buffer,
  object: ObjectMembers,
  kept: readonly Kept[],
  added: ReadonlyMap<string, string>,
): Buffer[] {
  const parts: Buffer[] = []
  let position = 0
  for (const member of kept) {
    if (!('text' in member)) continue
    parts.push(bytes.subarray(position, member.span.valueStart), Buffer.from(member.text))
    position = member.span.valueEnd
  }
  if (added.size > 0) {
    parts.push(bytes.subarray(position, object.end))
    position = object.end
    parts.push(Buffer.from(`${object.members.length > 0 ? ',' : ''}${memberTexts(added).join(',')}`))
  }
  parts.push(bytes.subarray(position))
  return parts
}

function rebuild(bytes: Buffer, kept: readonly Kept[], added: ReadonlyMap<string, string>): Buffer[] {
  const parts: Buffer[] = []
  const separate = (): void => {
    parts.push(Buffer.from(parts.length === 0 ? '{' : ','))
  }
  for (const member of kept) {
    separate()
    if ('text' in member)
      parts.push(bytes.subarray(member.span.keyStart, member.span.valueStart), Buffer.from(member.text))
    else parts.push(bytes.subarray(member.keyStart, member.valueEnd))
  }
  for (const text of memberTexts(added)) {
    separate()
    parts.push(Buffer.from(text))
  }
  parts.push(Buffer.from(parts.length === 0 ? '{}' : '}'))
  return parts
}

function memberTexts(added: ReadonlyMap<string, string>): string[] {
  return [...added].map(([key, text]) => `${JSON.stringify(key)}:${text}`)
}
