import type { Finding } from './finding.ts'
import { scannerVersion } from './scan-skill.ts'

const levels = { critical: 'error', warning: 'warning', info: 'note' } as const

/** Findings in SARIF 2.1.0 (OASIS), which code hosts show beside the lines. `prefix` goes before every path. */
export function formatSarif(findings: readonly Finding[], prefix = ''): object {
  const checks = [...new Set(findings.map(({ check }) => check))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'routeiq-skill-scan',
            version: scannerVersion,
            rules: checks.map((id) => ({ id, name: id })),
          },
        },
        results: findings.map(({ check, severity, message, file, line }) => ({
          ruleId: check,
          level: levels[severity],
          message: { text: message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(`${prefix}${file}`) },
                region: { startLine: line },
              },
            },
          ],
        })),
      },
    ],
  }
}
