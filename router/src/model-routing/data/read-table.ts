import { MatrixError } from './read-matrix.ts'

/** A row by the names of its columns; all fields of a CSV are text. */
export type TableRow = Readonly<Record<string, unknown>>

/** Rows of a CSV with a header, of JSON lines, or of a JSON array. Errors: `MatrixError` with the line that is none. */
export function readTable(text: string): readonly TableRow[] {
  const start = text.trimStart().charAt(0)
  if (start === '[') return readJsonArray(text)
  return start === '{' ? readJsonLines(text) : readCsv(text)
}

const isRow = (value: unknown): value is TableRow =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function readJsonArray(text: string): readonly TableRow[] {
  const rows = parse(text, 'the file')
  if (Array.isArray(rows) && rows.every(isRow)) return rows
  throw new MatrixError('the file is no JSON array of objects')
}

function readJsonLines(text: string): readonly TableRow[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const row = parse(line, `line ${index + 1}`)
    if (isRow(row)) return [row]
    throw new MatrixError(`line ${index + 1} is not a JSON object`)
  })
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new MatrixError(`${what} is not JSON`)
  }
}

/** Quoted fields may hold commas, doubled quotes and line breaks (RFC 4180). */
function readCsv(text: string): readonly TableRow[] {
  const [header, ...lines] = splitCsv(text)
  if (header === undefined) return []
  return lines
    .filter((fields) => fields.length > 1)
    .map((fields) => Object.fromEntries(header.map((name, index) => [name, fields[index] ?? ''])))
}

function splitCsv(text: string): string[][] {
  const lines: string[][] = []
  let fields: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quoted) {
      if (character !== '"') field += character
      else if (text.charAt(at + 1) === '"') field += text.charAt(at++)
      else quoted = false
    } else if (character === '"') quoted = true
    else if (character === ',' || character === '\n') {
      fields.push(field)
      field = ''
      if (character === ',') continue
      lines.push(fields)
      fields = []
    } else if (character !== '\r') field += character
  }
  if (field !== '' || fields.length > 0) lines.push([...fields, field])
  return lines
}
