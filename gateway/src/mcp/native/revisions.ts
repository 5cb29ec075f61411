/** The revision without a handshake. */
export const modernRevision = '2026-07-28'

/** Revisions with a handshake, the newest first. */
export const legacyRevisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']
