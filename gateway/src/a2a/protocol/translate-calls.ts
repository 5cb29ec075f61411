import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { A2aError } from './a2a-error.ts'
import type { Operation, Version } from './methods.ts'
import type { Translation } from './translate-members.ts'
import {
  translateArtifactUpdate,
  translateMessage,
  translateStatusUpdate,
  translateTask,
} from './translate-objects.ts'

/** The parameters of a call that goes to the agent, for an agent of the other version. */
export function translateParams(operation: Operation, params: JsonRecord, to: Translation): JsonRecord {
  const { tenant: _, ...known } = params
  if (operation !== 'send' && operation !== 'stream') return known
  const message = readRecord(known['message'])
  const configuration = readRecord(known['configuration'])
  return {
    ...known,
    ...(message === null ? {} : { message: translateMessage(message, to) }),
    ...(configuration === null ? {} : { configuration: translateConfiguration(configuration, to) }),
  }
}

/** 0.3 says whether to wait, 1.0 whether not to. Push targets are the gateway's own and are put in afterwards. */
function translateConfiguration(configuration: JsonRecord, to: Translation): JsonRecord {
  if (to.direction === 'up') {
    const { blocking, ...rest } = configuration
    return typeof blocking === 'boolean' ? { ...rest, returnImmediately: !blocking } : rest
  }
  const { returnImmediately, ...rest } = configuration
  return typeof returnImmediately === 'boolean' ? { ...rest, blocking: !returnImmediately } : rest
}

/** What an agent answered, for a client of the other version. */
export function translateResult(operation: Operation, result: JsonRecord, to: Translation): JsonRecord {
  if (operation === 'get' || operation === 'cancel') return translateTask(result, to)
  return translateEvent(result, to)
}

type EventName = 'task' | 'message' | 'statusUpdate' | 'artifactUpdate'

const translations: Readonly<Record<EventName, (value: JsonRecord, to: Translation) => JsonRecord>> = {
  task: translateTask,
  message: translateMessage,
  statusUpdate: translateStatusUpdate,
  artifactUpdate: translateArtifactUpdate,
}

/** The answer to a message, or one event of a stream. Errors: -32006 for what is neither. */
export function translateEvent(event: JsonRecord, to: Translation): JsonRecord {
  const { name, value } = openEvent(event, to.direction === 'up' ? '0.3' : '1.0')
  const translated = translations[name](value, to)
  return to.direction === 'up' ? { [name]: translated } : translated
}

/** The version whose form an event has: 1.0 names what it is about by a member. */
export function versionOfEvent(event: JsonRecord): Version {
  return Object.keys(translations).some((name) => name in event) ? '1.0' : '0.3'
}

/** What an event is about. Errors: -32006 for what no event looks like. */
export function openEvent(event: JsonRecord, version: Version): { name: EventName; value: JsonRecord } {
  if (version === '0.3') return { name: nameOfOld(event), value: event }
  for (const name of Object.keys(translations) as EventName[]) {
    const value = readRecord(event[name])
    if (value !== null) return { name, value }
  }
  throw invalidAnswer()
}

/** By `kind`, or by its members where an agent leaves it out. */
function nameOfOld(event: JsonRecord): EventName {
  const { kind } = event
  if (kind === 'task' || kind === 'message') return kind
  if (kind === 'status-update') return 'statusUpdate'
  if (kind === 'artifact-update') return 'artifactUpdate'
  if (readRecord(event['artifact']) !== null) return 'artifactUpdate'
  if (Array.isArray(event['parts'])) return 'message'
  if (readRecord(event['status']) !== null) return event['id'] === undefined ? 'statusUpdate' : 'task'
  throw invalidAnswer()
}

function invalidAnswer(): A2aError {
  return new A2aError(
    'INVALID_AGENT_RESPONSE',
    'The agent answered something that is no task, message or event.',
  )
}
