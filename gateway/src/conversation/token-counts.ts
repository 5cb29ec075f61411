import { type JsonRecord, readNumber, readRecord, readRecords } from './json-value.ts'
import { type Usage, zeroUsage } from './usage.ts'

const inputNames = ['input_tokens', 'prompt_tokens', 'inputTokens', 'promptTokens', 'promptTokenCount']
const outputNames = [
  ...['output_tokens', 'completion_tokens', 'outputTokens', 'completionTokens'],
  'candidatesTokenCount',
]

/** Token counts under any of their usual names; null without any. For whoever has no form of its own for them. */
export function readTokenCounts(value: unknown): Usage | null {
  const record = readRecord(value)
  if (record === null) return null
  const inputTokens = readCount(record, inputNames)
  const outputTokens = readCount(record, outputNames)
  if (inputTokens === null && outputTokens === null) return null
  return { ...zeroUsage, inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 }
}

function readCount(record: JsonRecord, names: readonly string[]): number | null {
  for (const name of names) {
    const count = readNumber(record[name])
    if (count !== null && count >= 0) return Math.floor(count)
  }
  return null
}

/** What an agent says it used in the `metadata` of a task, a message or an event of A2A, or of what is in it. */
export function readReportedUsage(value: JsonRecord): Usage | null {
  const status = readRecord(value['status'])
  const places = [value, readRecord(value['artifact']), ...readRecords(value['artifacts'])]
  for (const place of [...places, readRecord(status?.['message'])]) {
    const metadata = readRecord(place?.['metadata'])
    const usage = readTokenCounts(metadata?.['usage'] ?? metadata?.['adk_usage_metadata'])
    if (usage !== null) return usage
  }
  return null
}
