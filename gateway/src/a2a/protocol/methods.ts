/** The two versions of the protocol that clients and agents speak here. */
export type Version = '0.3' | '1.0'

export type Operation =
  | 'send'
  | 'stream'
  | 'get'
  | 'list'
  | 'cancel'
  | 'subscribe'
  | 'set-push'
  | 'get-push'
  | 'list-push'
  | 'remove-push'
  | 'extended-card'

/** JSON-RPC method names, A2A 0.3 §7 and 1.0 §9. `tasks/list` is an extension that peers have too. */
const methods: readonly (readonly [operation: Operation, old: readonly string[], current: string])[] = [
  ['send', ['message/send', 'tasks/send'], 'SendMessage'],
  ['stream', ['message/stream', 'tasks/sendSubscribe'], 'SendStreamingMessage'],
  ['get', ['tasks/get'], 'GetTask'],
  ['list', ['tasks/list'], 'ListTasks'],
  ['cancel', ['tasks/cancel'], 'CancelTask'],
  ['subscribe', ['tasks/resubscribe'], 'SubscribeToTask'],
  ['set-push', ['tasks/pushNotificationConfig/set'], 'CreateTaskPushNotificationConfig'],
  ['get-push', ['tasks/pushNotificationConfig/get'], 'GetTaskPushNotificationConfig'],
  ['list-push', ['tasks/pushNotificationConfig/list'], 'ListTaskPushNotificationConfigs'],
  ['remove-push', ['tasks/pushNotificationConfig/delete'], 'DeleteTaskPushNotificationConfig'],
  ['extended-card', ['agent/getAuthenticatedExtendedCard'], 'GetExtendedAgentCard'],
]

export interface Method {
  readonly operation: Operation
  readonly version: Version
}

const byName: ReadonlyMap<string, Method> = new Map(
  methods.flatMap(([operation, old, current]): [string, Method][] => [
    ...old.map((name): [string, Method] => [name, { operation, version: '0.3' }]),
    [current, { operation, version: '1.0' }],
  ]),
)

export function findMethod(name: string): Method | null {
  return byName.get(name) ?? null
}

/** The name of an operation in a version. */
export function methodName(operation: Operation, version: Version): string {
  const row = methods.find(([candidate]) => candidate === operation)
  const name = version === '0.3' ? row?.[1][0] : row?.[2]
  if (name === undefined) throw new Error(`${operation} has no name in ${version}`)
  return name
}

/** Method names of 1.0 begin with a capital, those of 0.3 do not. */
export function versionByLetter(name: string): Version {
  return /^[A-Z]/.test(name) ? '1.0' : '0.3'
}
