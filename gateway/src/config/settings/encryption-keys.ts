import type { Report } from '../report.ts'

const keyBytes = 32
const name = 'ROUTEIQ_ENCRYPTION_KEY'

/** The keys that a value gives, itself or by files, as base64. What cannot be used stops the start. */
export function readEncryptionKeys(
  value: string | null,
  readFile: (path: string) => string | null,
  report: Report,
): readonly string[] {
  if (value === null) return []
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry, at) => {
      const keys = decodeKey(entry) ?? readKeyFile(entry, readFile)
      if (keys.length > 0) return keys
      report.fatal(
        name,
        `entry ${at + 1} is neither ${keyBytes} bytes in base64 nor a file with such keys`,
        'make one with: openssl rand -base64 32',
      )
      return []
    })
}

function readKeyFile(path: string, readFile: (path: string) => string | null): readonly string[] {
  const entries =
    readFile(path)
      ?.split(/[\s,]+/)
      .filter((entry) => entry !== '') ?? []
  const keys = entries.flatMap((entry) => decodeKey(entry) ?? [])
  return keys.length === entries.length ? keys : []
}

/** Null for what is no key. */
function decodeKey(text: string): readonly string[] | null {
  if (!/^[\w+/-]{43}=?$/.test(text)) return null
  return [Buffer.from(text, 'base64').toString('base64')]
}
