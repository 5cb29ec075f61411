import { GatewayError, type PluginCall } from '@routeiq/contract'
import type { PluginHost } from '../plugins/plugin-host.ts'
import { renderCached } from './cache/render-cached.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { readRequestOptions } from './request-options.ts'
import { sendWhole } from './send-whole.ts'
import { setMembers } from './set-members.ts'

/**
 * Shows the call to the operator's plugins, which may change members of its body, answer it (null comes back then) or refuse
 * it. Without such plugins the request comes back at once. Errors: 446 `guardrail_denied`, 500 `plugin_failed`.
 */
export function askPlugins(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
): ModelRequest | null | Promise<ModelRequest | null> {
  const { plugins } = gateway.identity
  if (plugins === null || !plugins.readsCalls) return request
  return review(gateway, plugins, request, progress)
}

async function review(
  gateway: Gateway,
  plugins: PluginHost,
  request: ModelRequest,
  progress: Progress,
): Promise<ModelRequest | null> {
  if (plugins.guardsAnswers && request.body['background'] === true)
    throw new GatewayError(
      'unsupported_parameter',
      'Guards look at answers before they are given, so none can be made in the background.',
      { param: 'background' },
    )
  const call = describeCall(request)
  progress.pluginCall = call
  progress.guards = plugins.guardNames
  progress.capturesAnswer = plugins.readsAnswers && !request.isBinary
  const { members, answer } = await plugins.review(call)
  const changed = members.size === 0 ? request : change(request, members)
  if (answer === null) {
    progress.pluginCall = changed === request ? call : { ...call, body: changed.body }
    return changed
  }
  send(gateway, changed, progress, answer)
  return null
}

function describeCall({
  exchange,
  protocol,
  operation,
  caller,
  requestedModel,
  body,
}: ModelRequest): PluginCall {
  const { keyAlias, userId, teamId, organizationId } = caller
  return {
    model: requestedModel,
    requestId: exchange.requestId,
    dialect: protocol.id,
    operation,
    caller: { keyAlias, userId, teamId, organizationId },
    body,
  }
}

/** The request with members set. A form is passed on as it came and keeps its fields. */
function change(request: ModelRequest, set: ReadonlyMap<string, string>): ModelRequest {
  if (request.upload !== null) return request
  const edited = setMembers(request, set)
  const { body } = edited
  // What a client's own words became is what is kept of them; a conversation that was put in front is none of its words.
  const clientBody = request.clientBody === request.body ? body : request.clientBody
  const options = readRequestOptions(body, request.exchange, request.runtime.config.governance.endUserHeaders)
  return { ...request, ...edited, clientBody, options }
}

function send(gateway: Gateway, request: ModelRequest, progress: Progress, text: string): void {
  const answer = {
    ...{ isStream: false, includesUsage: false, text, usage: null },
    ...{ deploymentId: '', storedAt: gateway.now() },
  }
  const rendered = renderCached(request, answer, gateway.blobs)
  if (rendered === null)
    throw new GatewayError('plugin_failed', `A plugin's answer cannot be streamed as ${request.protocol.id}.`)
  progress.captured = { isStream: false, text: () => text, usage: null }
  sendWhole(request, progress, rendered)
}
