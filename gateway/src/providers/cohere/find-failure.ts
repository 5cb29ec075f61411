import { readRecord, readText } from '../../conversation/json-value.ts'
import { findFailure as findCommonFailure } from '../decode-error.ts'
import { describeFailure } from '../describe-failure.ts'
import type { UpstreamFailure } from '../failure.ts'

/** Endings that are no answers. */
const failedEndings = new Map([
  ['ERROR', 500],
  ['TIMEOUT', 408],
])

/** The failure reported by an answer or the last event of a stream, which has status 200 all the same. */
export function findFailure(body: unknown): UpstreamFailure | null {
  const record = readRecord(body)
  const ending = readRecord(record?.['delta']) ?? record
  const status = failedEndings.get(readText(ending?.['finish_reason']) ?? '')
  if (status === undefined) return findCommonFailure(body)
  const text = readText(ending?.['error']) ?? `The provider ended with ${String(ending?.['finish_reason'])}.`
  return describeFailure(status, {}, text, null)
}
