import { type JsonRecord, readRecord, readRecords, readString } from '../../conversation/json-value.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { readVersion } from '../protocol/choose-version.ts'

export type CardForm = 'hybrid' | '1.0' | '0.3'

export function isCardForm(value: unknown): value is CardForm {
  return value === 'hybrid' || value === '1.0' || value === '0.3'
}

/** The form a client reads; a version that nobody knows gets the one for both. */
export function cardForm(header: string | null, standard: CardForm): CardForm {
  return header === null ? standard : (readVersion(header) ?? 'hybrid')
}

/** What is the gateway's own in a rewritten card. */
export interface CardFrame {
  /** Where the agent is called. */
  readonly url: string
  /** Everybody can reach the gateway, so that agents can push to it. */
  readonly isPublic: boolean
  /** Whether HTTP+JSON is served there too, as it is for every agent. */
  readonly hasRest: boolean
}

/** Of the card of one agent, as the client reaches the gateway. */
export function frameOf(plane: Pick<A2aPlane, 'base'>, exchange: Exchange, { name }: RemoteAgent): CardFrame {
  const { url, isPublic } = plane.base(exchange)
  return { url: `${url}/a2a/${encodeURIComponent(name)}`, isPublic, hasRest: true }
}

/** Members that tell about the agent's own server, or that only it may say. */
const replaced = new Set([
  ...['url', 'additionalInterfaces', 'supportedInterfaces', 'protocolVersion', 'preferredTransport'],
  ...['securitySchemes', 'security', 'securityRequirements', 'signatures', 'capabilities', 'tenant'],
  'supportsAuthenticatedExtendedCard',
])

/** The card of an agent as clients of the gateway see it. `own` is the agent's own card, null when it gives none. */
export function rewriteCard(
  agent: Pick<RemoteAgent, 'name' | 'description' | 'capabilities' | 'cardParams'>,
  own: JsonRecord | null,
  frame: CardFrame,
  form: CardForm,
): JsonRecord {
  const source = { ...(own ?? describeAgent(agent)), ...agent.cardParams }
  const kept = Object.fromEntries(
    Object.entries(source).filter(([name, value]) => !replaced.has(name) && isSound(name, value)),
  )
  const described = { ...required, ...kept, name: agent.name }
  return { ...described, ...frameMembers(frame, form), ...capabilityMembers(source, frame, form) }
}

/** What every card must have. */
const required = {
  description: '',
  version: '1.0.0',
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
}

/** Clients cannot read a card whose needed members are of another type. */
function isSound(name: string, value: unknown): boolean {
  const example = Object.hasOwn(required, name) ? required[name as keyof typeof required] : undefined
  return (
    example === undefined ||
    (Array.isArray(example) === Array.isArray(value) && typeof example === typeof value)
  )
}

/** The card of an agent that gives none of itself. */
function describeAgent({
  description,
  capabilities,
}: Pick<RemoteAgent, 'description' | 'capabilities'>): JsonRecord {
  const skills = capabilities.map((name) => ({ id: name, name, description: name, tags: [name] }))
  return { description, skills, capabilities: { streaming: true } }
}

/** Addresses and how to authenticate. In the hybrid form every scheme is spelt in both ways. */
function frameMembers({ url, hasRest }: CardFrame, form: CardForm): JsonRecord {
  const old = {
    url,
    protocolVersion: '0.3.0',
    preferredTransport: 'JSONRPC',
    additionalInterfaces: [{ url, transport: 'JSONRPC' }],
    security: [{ bearer: [] }, { apiKey: [] }],
  }
  const current = {
    supportedInterfaces: [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ...(hasRest ? [{ url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' }] : []),
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
    ],
    securityRequirements: [{ schemes: { bearer: { list: [] } } }, { schemes: { apiKey: { list: [] } } }],
  }
  if (form === '0.3') return { ...old, securitySchemes: { bearer: oldBearer, apiKey: oldApiKey } }
  if (form === '1.0') return { ...current, securitySchemes: { bearer: currentBearer, apiKey: currentApiKey } }
  return {
    ...old,
    ...current,
    securitySchemes: {
      bearer: { ...oldBearer, ...currentBearer },
      apiKey: { ...oldApiKey, ...currentApiKey },
    },
  }
}

const oldBearer = { type: 'http', scheme: 'bearer' }
const currentBearer = { httpAuthSecurityScheme: { scheme: 'Bearer' } }
const oldApiKey = { type: 'apiKey', in: 'header', name: 'x-api-key' }
const currentApiKey = { apiKeySecurityScheme: { location: 'header', name: 'x-api-key' } }

function capabilityMembers(source: JsonRecord, { isPublic }: CardFrame, form: CardForm): JsonRecord {
  const { extendedAgentCard, pushNotifications, ...others } = readRecord(source['capabilities']) ?? {}
  const isExtended = extendedAgentCard === true || source['supportsAuthenticatedExtendedCard'] === true
  const capabilities = { ...others, pushNotifications: pushNotifications === true && isPublic }
  if (form === '0.3') return { capabilities, supportsAuthenticatedExtendedCard: isExtended }
  const current = { capabilities: { ...capabilities, extendedAgentCard: isExtended } }
  return form === '1.0' ? current : { ...current, supportsAuthenticatedExtendedCard: isExtended }
}

/** Ids and tags of the skills of a card, in lower case. */
export function skillWords(card: JsonRecord | null): readonly string[] {
  return readRecords(card?.['skills']).flatMap((skill) => {
    const tags = Array.isArray(skill['tags']) ? skill['tags'] : []
    return [skill['id'], ...tags].flatMap((word) => readString(word)?.toLowerCase() ?? [])
  })
}
