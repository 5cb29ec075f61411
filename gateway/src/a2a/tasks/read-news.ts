import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { Operation, Version } from '../protocol/methods.ts'
import { openEvent } from '../protocol/translate-calls.ts'
import { currentState } from '../protocol/translate-objects.ts'
import type { TaskNews } from './task-ledger.ts'

/** What an answer or an event says of its task and conversation. */
export function readNews(operation: Operation, answer: JsonRecord, version: Version): TaskNews {
  const { name, value } =
    operation === 'get' || operation === 'cancel'
      ? { name: 'task', value: answer }
      : openEvent(answer, version)
  return {
    taskId: readText(value[name === 'task' ? 'id' : 'taskId']),
    contextId: readText(value['contextId']),
    state: currentState(readRecord(value['status'])?.['state']),
  }
}
