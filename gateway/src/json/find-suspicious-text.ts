import { canonicalJson } from './canonical-json.ts'

/** Characters that are there and not seen, or that turn the direction of what follows. */
const hiddenCharacters =
  /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u
const instructionTags = /<\/?\s*(?:important|system|instructions?|secret|hidden|admin|assistant)\b[^>]*>/i
const secretPhrases =
  /(?:read|send|include|attach|pass|exfiltrate)[^.\n]{0,60}(?:\.env\b|id_rsa|\.ssh\b|api[ _-]?keys?|passwords?|credentials|secrets?)/i

/**
 * What an attacker would hide in what another server says of itself and models read. Finds patterns, and so reduces the
 * risk without removing it.
 */
export function findSuspiciousText(described: Readonly<Record<string, unknown>>): string[] {
  const text = canonicalJson(described)
  const findings: string[] = []
  if (hiddenCharacters.test(text)) findings.push('invisible or direction-changing characters')
  if (instructionTags.test(text)) findings.push('a block that looks like instructions to the model')
  if (secretPhrases.test(text)) findings.push('words that ask for secrets')
  return findings
}
