import { isUtf8 } from 'node:buffer'
import { GatewayError } from '@routeiq/contract'
import { MalformedMultipart, PartScanner } from '../../multipart/part-scanner.ts'

interface TraceFile {
  readonly rows: readonly { readonly trace: unknown; readonly error: string | null }[]
  /** For rows that do not name theirs; null when the form does not say. */
  readonly agentName: string | null
}

/**
 * Reads JSON lines, sent bare or as the `file` of a form. A line that is no JSON is a row with an error; blank lines
 * are none. Errors: `invalid_request` for a broken form or text that is not UTF-8.
 */
export function readTraceFile(bytes: Buffer, contentType: string): TraceFile {
  const boundary = /^multipart\/form-data;.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  if (boundary === null) return { rows: readLines(bytes), agentName: null }
  return readForm(bytes, boundary[1] ?? boundary[2] ?? '')
}

function readForm(bytes: Buffer, boundary: string): TraceFile {
  const scanner = new PartScanner(boundary)
  try {
    scanner.scan(bytes)
  } catch (error) {
    if (error instanceof MalformedMultipart) throw new GatewayError('invalid_request', error.message)
    throw error
  }
  const file = scanner.parts.find(({ isFile }) => isFile)
  if (!scanner.complete || file === undefined) {
    throw new GatewayError('invalid_request', 'The form has no file, or ends before its last part does.', {
      param: 'file',
    })
  }
  const agent = scanner.parts.find(({ name }) => name === 'agent_name')
  const agentName = agent === undefined ? null : scanner.textOf(bytes, agent)
  return { rows: readLines(bytes.subarray(file.contentStart, file.contentEnd ?? undefined)), agentName }
}

function readLines(bytes: Buffer): TraceFile['rows'] {
  if (!isUtf8(bytes)) throw new GatewayError('invalid_request', 'The file is not valid UTF-8.')
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(readLine)
}

function readLine(line: string): TraceFile['rows'][number] {
  try {
    return { trace: JSON.parse(line) as unknown, error: null }
  } catch {
    return { trace: null, error: 'this line is not JSON' }
  }
}
