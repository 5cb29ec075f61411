import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import { readReportedUsage } from '../../conversation/token-counts.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { Operation, Version } from '../protocol/methods.ts'
import { openEvent } from '../protocol/translate-calls.ts'
import { currentState } from '../protocol/translate-objects.ts'
import type { TaskNews } from './task-ledger.ts'

export interface AgentNews extends TaskNews {
  readonly usage: Usage | null
}

/** What an answer or an event says of its task and conversation. */
export function readNews(operation: Operation, answer: JsonRecord, version: Version): AgentNews {
  const { name, value } =
    operation === 'get' || operation === 'cancel'
      ? { name: 'task', value: answer }
      : openEvent(answer, version)
  return {
    taskId: readText(value[name === 'task' ? 'id' : 'taskId']),
    contextId: readText(value['contextId']),
    state: currentState(readRecord(value['status'])?.['state']),
    usage: readReportedUsage(value),
    isLook: operation === 'get',
  }
}
