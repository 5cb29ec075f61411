import { redactText } from '../telemetry/redact.ts'

const maxBytes = 2048

/** Upstream error text as callers may see it: secrets scrubbed, at most 2 KiB of UTF-8, never cut inside a character. */
export function formatFailureText(text: string): string {
  // Redaction looks at a little more than the cap, so that a secret across the cut is still recognised.
  const scrubbed = redactText(text.slice(0, 2 * maxBytes)).trim()
  if (Buffer.byteLength(scrubbed) <= maxBytes) return scrubbed
  let end = maxBytes - 3
  const bytes = Buffer.from(scrubbed)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return `${bytes.toString('utf8', 0, end)}…`
}
