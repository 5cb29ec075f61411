import { LineCounter, parseDocument, type YAMLError } from 'yaml'
import type { Report } from '../report.ts'
import { convertDocument } from './convert-document.ts'
import type { SourceMap } from './source-map.ts'

interface YamlInput {
  readonly text: string
  readonly file: string
  readonly report: Report
  readonly sourceMap: SourceMap
}

/** Parses YAML 1.2 (with the 1.1 merge key) or JSON. Returns null, and reports why, when it cannot be used. */
export function readYaml({ text, file, report, sourceMap }: YamlInput): unknown {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text.replace(/^\uFEFF/, ''), {
      lineCounter: lines,
      uniqueKeys: false,
      strict: false,
      logLevel: 'error',
    })
    for (const error of document.errors) reportYamlError(report, file, 'fatal', error)
    for (const warning of document.warnings) reportYamlError(report, file, 'warning', warning)
    if (document.errors.length > 0) return null
    return convertDocument(document, { file, lines, report, sourceMap })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    report.at({ file, line: 1 }, 'fatal', file, `the file cannot be read as YAML: ${message}`)
    return null
  }
}

function reportYamlError(
  report: Report,
  file: string,
  severity: 'fatal' | 'warning',
  error: YAMLError,
): void {
  const line = error.linePos?.[0].line ?? 1
  // What stands in quotes is text of the file, which may be a key.
  const message = (error.message.split(/ at line \d+/)[0] ?? error.code).replace(
    /"[\s\S]*"|'[\s\S]*'|`[\s\S]*`/g,
    '"…"',
  )
  const hint = error.code === 'TAB_AS_INDENT' ? 'indent with spaces' : undefined
  report.at({ file, line }, severity, file, `YAML: ${message}`, hint)
}
