import type { IdentityConfig } from '../config.ts'
import type { Path, Report } from '../report.ts'

const sampleKeys = new Set([
  'sk-1234',
  'sk-12345',
  'sk-123456',
  'sk-master',
  'sk-test',
  'sk-my-master-key',
  'changeme',
  'sk-changeme',
])
const shortestKey = 32
const masterKeyPath: Path = ['general_settings', 'master_key']

/** Sample and short keys stop a production start and are warned about elsewhere. */
export function checkSecrets(identity: IdentityConfig, report: Report): void {
  const production = identity.environment === 'production'
  const say = (path: Path | string, message: string): void => {
    const hint = 'use a random key, for example: openssl rand -hex 24 | sed s/^/sk-/'
    if (production) report.fatal(path, `${message}; ROUTEIQ_ENV=production refuses it`, hint)
    else report.warn(path, message, hint)
  }
  const problem = identity.masterKey === null ? null : keyProblem(identity.masterKey)
  if (problem !== null) say(masterKeyPath, `the master key ${problem}`)
  if (identity.masterKey !== null && !identity.masterKey.startsWith('sk-')) {
    report.warn(masterKeyPath, 'the master key should start with sk-')
  }
  if (identity.adminKeys.some((key) => sampleKeys.has(key.toLowerCase()))) {
    say('ADMIN_API_KEYS', 'an admin key is a published sample')
  }
}

function keyProblem(key: string): string | null {
  if (sampleKeys.has(key.toLowerCase())) return 'is a published sample'
  return key.length < shortestKey ? `is shorter than ${shortestKey} characters` : null
}
