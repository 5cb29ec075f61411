import type { ClientCapabilities } from '@modelcontextprotocol/client'
import { UpstreamFailure } from '../upstream/upstream-failure.ts'

const missingCapability = -32_021

type Capabilities = Readonly<Record<string, unknown>>

/**
 * What a server missed in the declaration of a call that refused it, as far as the client does have all of it; null where
 * the server refused for another reason, or rightly.
 */
export function findUndeclared(
  error: unknown,
  declared: ClientCapabilities,
  client: ClientCapabilities,
): ClientCapabilities | null {
  if (!(error instanceof UpstreamFailure) || error.kind !== 'rpc' || error.code !== missingCapability)
    return null
  const { requiredCapabilities: required } = (error.data ?? {}) as { requiredCapabilities?: unknown }
  if (!isObject(required) || !includes(client, required) || includes(declared, required)) return null
  return Object.fromEntries(Object.keys(required).map((name) => [name, (client as Capabilities)[name]]))
}

/** Why a client cannot be asked for something; null where it can. */
export function findAskProblem(
  method: string,
  params: Capabilities,
  client: ClientCapabilities,
): string | null {
  const isUrl = params['mode'] === 'url'
  const can: Readonly<Record<string, boolean>> = {
    'elicitation/create': isUrl ? client.elicitation?.url !== undefined : takesForms(client),
    'sampling/createMessage': client.sampling !== undefined,
    'roots/list': client.roots !== undefined,
  }
  return can[method] === true ? null : `The client cannot be asked for ${method}${isUrl ? ' by URL' : ''}.`
}

/** Clients of older revisions say no more than that they can be asked. */
function takesForms({ elicitation }: ClientCapabilities): boolean {
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)
}

function includes(all: unknown, part: Capabilities): boolean {
  return (
    isObject(all) &&
    Object.entries(part).every(([name, value]) =>
      isObject(value) ? includes(all[name], value) : name in all,
    )
  )
}

function isObject(value: unknown): value is Capabilities {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
