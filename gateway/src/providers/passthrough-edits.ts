/** Changes to the top-level members of a body in its own dialect; a member is never in both. */
export interface BodyEdits {
  readonly remove: readonly string[]
  readonly set: Readonly<Record<string, unknown>>
  /** Members removed because the vendor has no place for them, for the decision log. */
  readonly dropped: readonly string[]
}

/** No change; the common case shares this object. */
export const noEdits: BodyEdits = { remove: [], set: {}, dropped: [] }
