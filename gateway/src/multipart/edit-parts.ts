import type { Part } from './part-scanner.ts'

/** Changes to the fields of a form by name: values to set and fields to leave out. */
export interface FieldEdits {
  readonly set: ReadonlyMap<string, string>
  readonly remove: ReadonlySet<string>
}

/**
 * Applies edits to the beginning of a multipart body; every other byte stays as it was. A field that has arrived
 * gets its new value in its place, others are added in front. Parts whose end has not arrived, and files, are left
 * alone.
 */
export function editParts(bytes: Buffer, parts: readonly Part[], { set, remove }: FieldEdits): Buffer {
  const missing = new Map(set)
  const pieces: Buffer[] = []
  let position = 0
  for (const { name, isFile, start, contentStart, contentEnd } of parts) {
    if (isFile || contentEnd === null) continue
    const value = set.get(name)
    if (remove.has(name)) {
      pieces.push(bytes.subarray(position, start))
      // The line break behind the content belongs to the delimiter that follows.
      position = contentEnd + 2
    } else if (value !== undefined) {
      pieces.push(bytes.subarray(position, contentStart), Buffer.from(value))
      position = contentEnd
      missing.delete(name)
    }
  }
  pieces.push(bytes.subarray(position))
  const edited = pieces.length === 1 ? bytes : Buffer.concat(pieces)
  return missing.size === 0 ? edited : addFields(edited, bytes, parts, missing)
}

/** The delimiter is copied from the first part. */
function addFields(
  edited: Buffer,
  bytes: Buffer,
  parts: readonly Part[],
  fields: ReadonlyMap<string, string>,
): Buffer {
  const [first] = parts
  if (first === undefined) return edited
  const delimiter = bytes.toString('latin1', first.start, bytes.indexOf('\r\n', first.start))
  const heads = [...fields].map(
    ([name, value]) =>
      `${delimiter}\r\nContent-Disposition: form-data; name="${name.replaceAll('"', '%22')}"\r\n\r\n${value}\r\n`,
  )
  return Buffer.concat([
    edited.subarray(0, first.start),
    Buffer.from(heads.join('')),
    edited.subarray(first.start),
  ])
}
