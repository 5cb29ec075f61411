import { describe, expect, it } from 'vitest'
import type { Diagnostic } from './diagnostics.ts'
import { loadFiles } from './load-for-test.ts'
import { exitCodeFor, formatDiagnostics, formatDiagnosticsAsJson } from './validate-config.ts'

const warning: Diagnostic = {
  severity: 'warning',
  path: 'a.b',
  message: 'odd',
  hint: 'mend it',
  file: 'x.yaml',
  line: 7,
}
const error: Diagnostic = { severity: 'error', path: 'PORT', message: 'bad' }

describe('exitCodeFor', () => {
  it.each([
    [[], false, 0],
    [[], true, 0],
    [[warning], false, 0],
    [[warning], true, 2],
    [[warning, error], false, 2],
    [[error], true, 2],
  ])('%#', (diagnostics, strict, code) => {
    expect(exitCodeFor(diagnostics, { strict })).toBe(code)
  })
})

describe('formatDiagnostics', () => {
  it('puts errors first and names file, line, path and hint', () => {
    expect(formatDiagnostics([warning, error])).toBe(
      'error: PORT: bad\nx.yaml:7: warning: a.b: odd\n    hint: mend it\n1 error, 1 warning.\n',
    )
  })

  it('says that nothing was found', () => {
    expect(formatDiagnostics([])).toBe('The configuration is valid.\n')
  })

  it('names a broken file once', () => {
    const { diagnostics } = loadFiles({ files: { 'config.yaml': 'a: [' } })
    expect(formatDiagnostics(diagnostics)).toMatch(/^config\.yaml:1: error: YAML: /)
  })
})

describe('formatDiagnosticsAsJson', () => {
  it('holds every finding and the counts', () => {
    expect(JSON.parse(formatDiagnosticsAsJson([warning, error]))).toEqual({
      valid: false,
      errors: 1,
      warnings: 1,
      diagnostics: [error, warning],
    })
  })
})
