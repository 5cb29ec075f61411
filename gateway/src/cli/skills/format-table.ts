/** Rows as aligned columns; the last column is not padded. Cells lose line breaks and control characters. */
export function formatTable(header: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const cells = [header, ...rows].map((row) => row.map(formatCell))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  return cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Text for a terminal: what a server or a file says may not move its cursor. */
function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '-'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}

export function formatShare(value: unknown): string {
  return typeof value === 'number' ? `${Math.round(value * 100)} %` : '-'
}
