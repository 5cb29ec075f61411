import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { canonicalJson } from '../../json/canonical-json.ts'

/** Members of an object that count; true takes a value as it is, `'*'` names every member. */
type Shape = true | { readonly [name: string]: Shape }

const securityRequirements: Shape = { schemes: true }

/** `AgentCard` of A2A 1.0. */
const cardShape: Shape = {
  ...{ name: true, description: true, version: true, documentationUrl: true, iconUrl: true },
  ...{ defaultInputModes: true, defaultOutputModes: true },
  supportedInterfaces: { url: true, protocolBinding: true, tenant: true, protocolVersion: true },
  provider: { url: true, organization: true },
  capabilities: {
    ...{ streaming: true, pushNotifications: true, extendedAgentCard: true },
    extensions: { uri: true, description: true, required: true, params: true },
  },
  securitySchemes: {
    '*': {
      ...{ apiKeySecurityScheme: true, httpAuthSecurityScheme: true, oauth2SecurityScheme: true },
      ...{ openIdConnectSecurityScheme: true, mtlsSecurityScheme: true },
    },
  },
  securityRequirements,
  skills: {
    ...{ id: true, name: true, description: true, tags: true, examples: true },
    ...{ inputModes: true, outputModes: true, securityRequirements },
  },
}

/**
 * What a signature of a card is over: the card as JSON Canonicalization has it, of 1.0 without what its schema does not
 * know and without what is empty (A2A 1.0 §8.4.1), of 0.3 everything but the signatures.
 */
export function canonicalCard(card: JsonRecord): string {
  const { signatures: _, ...signed } = card
  if (card['supportedInterfaces'] === undefined) return canonicalJson(signed)
  return canonicalJson(withoutEmpty(select(signed, cardShape)) ?? {})
}

function select(value: unknown, shape: Shape): unknown {
  if (shape === true) return value
  if (Array.isArray(value)) return value.map((member) => select(member, shape))
  const record = readRecord(value)
  if (record === null) return value
  const members = Object.entries(record).flatMap(([name, member]) => {
    const known = shape['*'] ?? (Object.hasOwn(shape, name) ? shape[name] : undefined)
    // Only `required` of an extension has no way to be absent.
    if (known === undefined || (name === 'required' && member === false)) return []
    return [[name, select(member, known)]]
  })
  return Object.fromEntries(members)
}

function withoutEmpty(value: unknown): unknown {
  if (value === '' || value === null || value === undefined) return undefined
  if (Array.isArray(value)) {
    const members = value.map(withoutEmpty).filter((member) => member !== undefined)
    return members.length === 0 ? undefined : members
  }
  if (typeof value !== 'object') return value
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = withoutEmpty(member)
    return kept === undefined ? [] : [[name, kept]]
  })
  return members.length === 0 ? undefined : Object.fromEntries(members)
}
