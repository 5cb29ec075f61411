import { readRecord } from '../../conversation/json-value.ts'
import { findFailure as findErrorMember } from '../decode-error.ts'
import type { UpstreamFailure } from '../failure.ts'
import { readParts } from './read-parts.ts'

const endings = new Map([
  ['TASK_STATE_FAILED', 'The agent could not do what it was asked for.'],
  ['TASK_STATE_REJECTED', 'The agent refused what it was asked for.'],
  ['TASK_STATE_CANCELED', 'The task of the agent was canceled.'],
])

/** The failure an answer reports: an error, or a task that came to nothing. Null for an answer. */
export function findFailure(body: unknown): UpstreamFailure | null {
  const reported = findErrorMember(body)
  if (reported !== null) return reported
  const record = readRecord(body)
  const about = readRecord(record?.['task']) ?? readRecord(record?.['statusUpdate'])
  const status = readRecord(about?.['status'])
  const standard = endings.get(String(status?.['state']))
  if (standard === undefined) return null
  const said = readParts(readRecord(status?.['message'])?.['parts'])
  const message = (said === '' ? standard : said).slice(0, 2_000)
  const state = String(status?.['state']).replace('TASK_STATE_', '').toLowerCase()
  return { kind: 'unprocessable', status: 422, message, retryAfterMs: null, providerFields: { state } }
}
