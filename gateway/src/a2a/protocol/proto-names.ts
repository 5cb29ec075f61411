import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'

/** Names of the Protocol Buffers schema of 1.0, which its JSON form takes beside its own. */
const names: Readonly<Record<string, string>> = {
  task_id: 'taskId',
  context_id: 'contextId',
  message_id: 'messageId',
  history_length: 'historyLength',
  page_size: 'pageSize',
  page_token: 'pageToken',
  include_artifacts: 'includeArtifacts',
  status_timestamp_after: 'statusTimestampAfter',
  accepted_output_modes: 'acceptedOutputModes',
  return_immediately: 'returnImmediately',
  task_push_notification_config: 'taskPushNotificationConfig',
  reference_task_ids: 'referenceTaskIds',
}

/** Parameters of 1.0 with members in the form of JSON (ProtoJSON: a parser takes both). */
export function acceptProtoNames(params: JsonRecord): JsonRecord {
  const renamed = rename(params)
  const message = readRecord(renamed['message'])
  const configuration = readRecord(renamed['configuration'])
  return {
    ...renamed,
    ...(message === null ? {} : { message: rename(message) }),
    ...(configuration === null ? {} : { configuration: rename(configuration) }),
  }
}

function rename(record: JsonRecord): JsonRecord {
  if (!Object.keys(record).some((name) => name in names)) return record
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [names[name] ?? name, value]))
}
