import { type JsonRecord, readList, readRecord, readString } from '../../conversation/json-value.ts'
import { type Translation, translateMembers } from './translate-members.ts'
import { translatePart } from './translate-part.ts'

/** `TaskState` of 0.3 and of 1.0. */
const states: readonly (readonly [old: string, current: string])[] = [
  ['submitted', 'TASK_STATE_SUBMITTED'],
  ['working', 'TASK_STATE_WORKING'],
  ['input-required', 'TASK_STATE_INPUT_REQUIRED'],
  ['completed', 'TASK_STATE_COMPLETED'],
  ['canceled', 'TASK_STATE_CANCELED'],
  ['failed', 'TASK_STATE_FAILED'],
  ['rejected', 'TASK_STATE_REJECTED'],
  ['auth-required', 'TASK_STATE_AUTH_REQUIRED'],
  ['unknown', 'TASK_STATE_UNSPECIFIED'],
]
const currentStates = new Map(states)
const oldStates = new Map(states.map(([old, current]) => [current, old]))
const goingOn = new Set(['submitted', 'working', 'unknown'])

/** A state of either version as 1.0 names it; null for what is none. */
export function currentState(state: unknown): string | null {
  const text = readString(state)
  if (text === null) return null
  return currentStates.get(text) ?? (oldStates.has(text) ? text : null)
}

/** Whether a task in this state (of 1.0) never changes any more. */
export function isEnded(state: string | null): boolean {
  return state !== null && /_(?:COMPLETED|CANCELED|FAILED|REJECTED)$/.test(state)
}

/** Whether a task in this state (of 1.0) will go on by itself. */
export function isWorking(state: unknown): boolean {
  return state === 'TASK_STATE_SUBMITTED' || state === 'TASK_STATE_WORKING'
}

function translateState(state: unknown, to: Translation): unknown {
  const text = readString(state) ?? ''
  return to.direction === 'up'
    ? (currentStates.get(text) ?? 'TASK_STATE_UNSPECIFIED')
    : (oldStates.get(text) ?? 'unknown')
}

function translateRole(role: unknown, to: Translation): unknown {
  if (to.direction === 'up') return role === 'agent' ? 'ROLE_AGENT' : 'ROLE_USER'
  return role === 'ROLE_AGENT' ? 'agent' : 'user'
}

/** 1.0 wants UTC with milliseconds; 0.3 any ISO form. */
function translateTime(time: unknown, to: Translation): unknown {
  const text = readString(time)
  const at = text === null ? Number.NaN : Date.parse(text)
  return to.direction === 'up' && !Number.isNaN(at) ? new Date(at).toISOString() : time
}

const listOf =
  (translate: (value: JsonRecord, to: Translation) => JsonRecord) =>
  (value: unknown, to: Translation): unknown =>
    readList(value).map((member) => translateRecord(member, to, translate))

const oneOf =
  (translate: (value: JsonRecord, to: Translation) => JsonRecord) =>
  (value: unknown, to: Translation): unknown =>
    translateRecord(value, to, translate)

function translateRecord(
  value: unknown,
  to: Translation,
  translate: (value: JsonRecord, to: Translation) => JsonRecord,
): unknown {
  const record = readRecord(value)
  return record === null ? value : translate(record, to)
}

const messageShape = {
  kind: 'message',
  members: {
    ...{ messageId: null, contextId: null, taskId: null, extensions: null, referenceTaskIds: null },
    role: translateRole,
    parts: listOf(translatePart),
  },
}

export function translateMessage(message: JsonRecord, to: Translation): JsonRecord {
  return translateMembers(message, to, messageShape)
}

const statusShape = {
  kind: null,
  members: { state: translateState, message: oneOf(translateMessage), timestamp: translateTime },
}

function translateStatus(status: JsonRecord, to: Translation): JsonRecord {
  return translateMembers(status, to, statusShape)
}

const artifactShape = {
  kind: null,
  members: {
    ...{ artifactId: null, name: null, description: null, extensions: null },
    parts: listOf(translatePart),
  },
}

function translateArtifact(artifact: JsonRecord, to: Translation): JsonRecord {
  return translateMembers(artifact, to, artifactShape)
}

const taskShape = {
  kind: 'task',
  members: {
    ...{ id: null, contextId: null },
    status: oneOf(translateStatus),
    artifacts: listOf(translateArtifact),
    history: listOf(translateMessage),
  },
}

export function translateTask(task: JsonRecord, to: Translation): JsonRecord {
  return translateMembers(task, to, taskShape)
}

const statusUpdateShape = {
  kind: 'status-update',
  members: { ...{ taskId: null, contextId: null }, status: oneOf(translateStatus) },
}

/** 0.3 marks the last event of a stream, which is the first that says the agent has ended or waits for somebody. */
export function translateStatusUpdate({ final: _, ...event }: JsonRecord, to: Translation): JsonRecord {
  const translated = translateMembers(event, to, statusUpdateShape)
  if (to.direction === 'up') return translated
  const state = readString(readRecord(translated['status'])?.['state']) ?? 'unknown'
  return { ...translated, final: !goingOn.has(state) }
}

const artifactUpdateShape = {
  kind: 'artifact-update',
  members: {
    ...{ taskId: null, contextId: null, append: null, lastChunk: null },
    artifact: oneOf(translateArtifact),
  },
}

export function translateArtifactUpdate(event: JsonRecord, to: Translation): JsonRecord {
  return translateMembers(event, to, artifactUpdateShape)
}
