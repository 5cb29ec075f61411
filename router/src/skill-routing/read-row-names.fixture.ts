/** The names in the rows of a rendered table, in order: what a client that parses the menu sees. */
export function readRowNames(text: string): string[] {
  const lines = text.split('\n')
  const border = lines.findIndex((line) => line.startsWith('|---'))
  if (border === -1) return []
  const rows = lines.slice(border + 1).filter((line) => line.startsWith('| '))
  return rows.map((line) => unescapeCell(line.slice(2, line.indexOf(' | ', 1))))
}

/** A pipe behind an odd number of backslashes is text, as GitHub Flavored Markdown reads tables. */
function unescapeCell(cell: string): string {
  return cell.replace(/(\\*)\|/g, (_, slashes: string) => `${slashes.slice(0, slashes.length >> 1)}|`)
}
