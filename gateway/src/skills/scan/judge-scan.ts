import type { CheckName, Finding } from './finding.ts'
import { type ScanStatus, scannerVersion, statusOf } from './scan-skill.ts'

/** What follows from findings. */
export interface ScanPolicy {
  /** `reject` refuses the write, `quarantine` keeps it without serving it, `flag` serves it, `off` scans nothing. */
  readonly onBlock: 'reject' | 'quarantine' | 'flag' | 'off'
  readonly onFlag: 'allow' | 'quarantine'
}

/** A check whose findings in one tree somebody answers for. */
export interface ScanException {
  readonly check: string
  readonly author: string | null
  readonly reason: string
  /** Epoch milliseconds; null never ends. */
  readonly expiresAt: number | null
}

/** The wire form of a result. */
interface ScanResult {
  readonly scanned_at: string
  readonly scanner_version: string
  readonly status: ScanStatus
  readonly summary: string
  readonly checks: Readonly<Record<string, ScanStatus>>
  readonly findings: readonly Finding[]
  readonly counts: Readonly<Record<Finding['severity'], number>>
  readonly excepted: readonly CheckName[]
}

export interface ScanVerdict {
  readonly result: ScanResult
  readonly isQuarantined: boolean
  readonly isRejected: boolean
}

/** Weighs findings by policy and exceptions. `now` is epoch milliseconds. */
export function judgeScan(
  findings: readonly Finding[],
  policy: ScanPolicy,
  exceptions: readonly ScanException[],
  now: number,
): ScanVerdict {
  const valid = new Set(
    exceptions.flatMap(({ check, expiresAt }) => (expiresAt === null || expiresAt > now ? [check] : [])),
  )
  const counted = findings.filter(({ check }) => !valid.has(check))
  const worst = statusOf(counted)
  const status = worst === 'blocked' && policy.onBlock === 'flag' ? 'flagged' : worst
  return {
    result: {
      scanned_at: new Date(now).toISOString(),
      scanner_version: scannerVersion,
      status,
      summary: summarise(status, counted),
      checks: checksOf(counted),
      findings,
      counts: countBySeverity(findings),
      excepted: [...new Set(findings.flatMap(({ check }) => (valid.has(check) ? [check] : [])))],
    },
    isQuarantined: status === 'blocked' || (status === 'flagged' && policy.onFlag === 'quarantine'),
    isRejected: status === 'blocked' && policy.onBlock === 'reject',
  }
}

function checksOf(findings: readonly Finding[]): Record<string, ScanStatus> {
  const checks = [...new Set(findings.map(({ check }) => check))].sort()
  return Object.fromEntries(
    checks.map((check) => [check, statusOf(findings.filter((finding) => finding.check === check))]),
  )
}

function countBySeverity(findings: readonly Finding[]): ScanResult['counts'] {
  const count = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length
  return { critical: count('critical'), warning: count('warning'), info: count('info') }
}

function summarise(status: ScanStatus, findings: readonly Finding[]): string {
  if (status === 'clean') return 'Nothing suspicious was found.'
  const checks = [
    ...new Set(findings.filter(({ severity }) => severity !== 'info').map(({ check }) => check)),
  ]
  return `${status === 'blocked' ? 'Blocked' : 'Flagged'} by ${checks.join(', ')}.`
}
