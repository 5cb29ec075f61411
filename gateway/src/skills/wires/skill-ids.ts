import { isUuid } from '../../uuid.ts'
import type { VersionSelector } from '../skill-store.ts'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const length = 22
/** Epoch microseconds have more digits than any version number. */
const microsDigits = 12

/** The one place that knows how ids are spelt on the wires. */
export function spellId(prefix: 'skill' | 'skver', id: string): string {
  let rest = BigInt(`0x${id.replaceAll('-', '')}`)
  let text = ''
  for (let index = 0; index < length; index += 1) {
    text = digits.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return `${prefix}_${text}`
}

/** The UUID behind a spelt id; null for what is none. */
function readId(prefix: 'skill' | 'skver', spelt: string): string | null {
  if (!spelt.startsWith(`${prefix}_`) || spelt.length !== prefix.length + 1 + length) return null
  let value = 0n
  for (const digit of spelt.slice(prefix.length + 1)) {
    const index = digits.indexOf(digit)
    if (index === -1) return null
    value = value * 62n + BigInt(index)
  }
  const hex = value.toString(16).padStart(32, '0')
  if (hex.length > 32) return null
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** What the store finds a skill by: the id behind a spelt one, else the name or slug as given. */
export function readSkillReference(spelt: string): string {
  const bare = spelt.replace(/^(?:litellm:|litellm_skill_)/, '')
  return readId('skill', bare) ?? bare
}

/** Every spelling of a version on every wire; `latest` and nonsense are null. */
export function readVersionReference(spelt: string): VersionSelector | null {
  if (/^\d+$/.test(spelt))
    return spelt.length >= microsDigits
      ? { createdAtMicros: Number(spelt) }
      : { versionNumber: Number(spelt) }
  if (isUuid(spelt)) return { versionId: spelt }
  const versionId = readId('skver', spelt)
  if (versionId !== null) return { versionId }
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(spelt) ? { treeDigest: spelt.slice(-64) } : null
}
