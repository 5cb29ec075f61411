import type { Diagnostic } from './diagnostics.ts'

/** 0: usable; 2: errors, or warnings where the operator wants none. */
export function exitCodeFor(
  diagnostics: readonly Diagnostic[],
  options: { readonly strict: boolean },
): 0 | 2 {
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return 2
  return options.strict && diagnostics.length > 0 ? 2 : 0
}

/** One block per finding, errors first, then a line that counts them. Ends with a newline. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const blocks = sortDiagnostics(diagnostics).map(formatDiagnostic)
  return `${[...blocks, formatCount(diagnostics)].join('\n')}\n`
}

/** `{valid, errors, warnings, diagnostics}` as indented JSON; `valid` means there are no errors. Ends with a newline. */
export function formatDiagnosticsAsJson(diagnostics: readonly Diagnostic[]): string {
  const { errors, warnings } = countDiagnostics(diagnostics)
  const answer = { valid: errors === 0, errors, warnings, diagnostics: sortDiagnostics(diagnostics) }
  return `${JSON.stringify(answer, null, 2)}\n`
}

/** `config.yaml:12: error: model_list[3]: …` and, below it, the hint. */
function formatDiagnostic({ severity, path, message, hint, file, line }: Diagnostic): string {
  const place = file === undefined ? '' : `${file}:${line ?? 1}: `
  const subject = path === file ? '' : `${path}: `
  const text = `${place}${severity}: ${subject}${message}`
  return hint === undefined ? text : `${text}\n    hint: ${hint}`
}

function formatCount(diagnostics: readonly Diagnostic[]): string {
  const { errors, warnings } = countDiagnostics(diagnostics)
  if (errors + warnings === 0) return 'The configuration is valid.'
  return `${plural(errors, 'error')}, ${plural(warnings, 'warning')}.`
}

function countDiagnostics(diagnostics: readonly Diagnostic[]): { errors: number; warnings: number } {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length
  return { errors, warnings: diagnostics.length - errors }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Errors before warnings; within each by file and line. */
function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort(
    (left, right) =>
      Number(left.severity === 'warning') - Number(right.severity === 'warning') ||
      (left.file ?? '').localeCompare(right.file ?? '') ||
      (left.line ?? 0) - (right.line ?? 0),
  )
}
