import type { UnknownRecord } from './values/coerce.ts'

/** What is configured beside files and environment: entries of `model_list` and `credential_list` kept elsewhere. */
export interface ManagedEntries {
  readonly models: readonly UnknownRecord[]
  readonly credentials: readonly UnknownRecord[]
}

export const noManagedEntries: ManagedEntries = { models: [], credentials: [] }

/**
 * Appends the entries to those of the file, in place. A list that is broken stays as it is and is reported as such.
 */
export function appendManaged(root: UnknownRecord, { models, credentials }: ManagedEntries): void {
  append(root, 'model_list', models)
  append(root, 'credential_list', credentials)
}

function append(root: UnknownRecord, name: string, entries: readonly UnknownRecord[]): void {
  if (entries.length === 0) return
  root[name] ??= []
  const list = root[name]
  // Copies: references to variables are filled in where they stand.
  if (Array.isArray(list)) list.push(...structuredClone(entries))
}
