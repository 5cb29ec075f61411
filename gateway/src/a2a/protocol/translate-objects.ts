import { type JsonRecord, readList, readRecord, readString } from '../../conversation/json-value.ts'
import { type Direction, translateMembers } from './translate-members.ts'
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

function translateState(state: unknown, direction: Direction): unknown {
  const text = readString(state) ?? ''
  return direction === 'up'
    ? (currentStates.get(text) ?? 'TASK_STATE_UNSPECIFIED')
    : (oldStates.get(text) ?? 'unknown')
}

function translateRole(role: unknown, direction: Direction): unknown {
  if (direction === 'up') return role === 'agent' ? 'ROLE_AGENT' : 'ROLE_USER'
  return role === 'ROLE_AGENT' ? 'agent' : 'user'
}

/** 1.0 wants UTC with milliseconds; 0.3 any ISO form. */
function translateTime(time: unknown, direction: Direction): unknown {
  const text = readString(time)
  const at = text === null ? Number.NaN : Date.parse(text)
  return direction === 'up' && !Number.isNaN(at) ? new Date(at).toISOString() : time
}

const listOf =
  (translate: (value: JsonRecord, direction: Direction) => JsonRecord) =>
  (value: unknown, direction: Direction): unknown =>
    readList(value).map((member) => translateRecord(member, direction, translate))

const oneOf =
  (translate: (value: JsonRecord, direction: Direction) => JsonRecord) =>
  (value: unknown, direction: Direction): unknown =>
    translateRecord(value, direction, translate)

function translateRecord(
  value: unknown,
  direction: Direction,
  translate: (value: JsonRecord, direction: Direction) => JsonRecord,
): unknown {
  const record = readRecord(value)
  return record === null ? value : translate(record, direction)
}

const messageShape = {
  kind: 'message',
  members: {
    ...{ messageId: null, contextId: null, taskId: null, extensions: null, referenceTaskIds: null },
    role: translateRole,
    parts: listOf(translatePart),
  },
}

export function translateMessage(message: JsonRecord, direction: Direction): JsonRecord {
  return translateMembers(message, direction, messageShape)
}

const statusShape = {
  kind: null,
  members: { state: translateState, message: oneOf(translateMessage), timestamp: translateTime },
}

function translateStatus(status: JsonRecord, direction: Direction): JsonRecord {
  return translateMembers(status, direction, statusShape)
}

const artifactShape = {
  kind: null,
  members: {
    ...{ artifactId: null, name: null, description: null, extensions: null },
    parts: listOf(translatePart),
  },
}

function translateArtifact(artifact: JsonRecord, direction: Direction): JsonRecord {
  return translateMembers(artifact, direction, artifactShape)
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

export function translateTask(task: JsonRecord, direction: Direction): JsonRecord {
  return translateMembers(task, direction, taskShape)
}

const statusUpdateShape = {
  kind: 'status-update',
  members: { ...{ taskId: null, contextId: null }, status: oneOf(translateStatus) },
}

/** 0.3 marks the last event of a stream, which is the first that says the agent has ended or waits for somebody. */
export function translateStatusUpdate({ final: _, ...event }: JsonRecord, direction: Direction): JsonRecord {
  const translated = translateMembers(event, direction, statusUpdateShape)
  if (direction === 'up') return translated
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

export function translateArtifactUpdate(event: JsonRecord, direction: Direction): JsonRecord {
  return translateMembers(event, direction, artifactUpdateShape)
}
