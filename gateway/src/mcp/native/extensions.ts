import type { ClientCapabilities } from '@modelcontextprotocol/server'
import { readRecord } from '../../conversation/json-value.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'

type Extensions = NonNullable<ClientCapabilities['extensions']>

/** Tasks of 2026-07-28 (SEP-2663): a call may be answered with a task, which is asked for its state. */
export const tasksExtension = 'io.modelcontextprotocol/tasks'

export const extensionTaskMethods: ReadonlySet<string> = new Set([
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
])

const notExtended = /^(?:tasks|notifications|sampling|elicitation|roots)\//

/**
 * The extensions of a server as clients of its own address may use them. Where several servers share an address nobody could tell
 * whose an extension is. Tasks are passed on where both sides speak the form without a handshake.
 */
export function listExtensions(view: CatalogueView | null, era: 'legacy' | 'modern'): Extensions {
  if (view?.isSingle !== true) return {}
  const [offer] = view.offers.values()
  const offered = (readRecord(offer?.capabilities['extensions']) ?? {}) as Extensions
  const { [tasksExtension]: tasks, ...others } = offered
  const isPassed = tasks !== undefined && era === 'modern' && offer?.era === 'modern'
  return isPassed ? { ...others, [tasksExtension]: tasks } : others
}

/** Whether a method that the protocol does not know may be one of these extensions. */
export function mayBelong(method: string, extensions: Extensions): boolean {
  if (extensionTaskMethods.has(method)) return tasksExtension in extensions
  return Object.keys(extensions).length > 0 && method.includes('/') && !notExtended.test(method)
}

/** Of what a client can do, what there is somebody to do it for. */
export function withKnownExtensions(client: ClientCapabilities, extensions: Extensions): ClientCapabilities {
  const { extensions: claimed = {}, ...others } = client
  const known = Object.entries(claimed).filter(([name]) => name in extensions)
  return known.length === 0 ? others : { ...others, extensions: Object.fromEntries(known) }
}
