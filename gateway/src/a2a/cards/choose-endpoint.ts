import { type JsonRecord, readRecords, readString } from '../../conversation/json-value.ts'
import type { Version } from '../protocol/methods.ts'

/** Where and how an agent is called. */
export interface AgentEndpoint {
  readonly address: URL
  readonly version: Version
  readonly tenant: string | null
  /** Nobody said which version it is. */
  readonly isGuess: boolean
}

export interface RegisteredAddress {
  readonly url: string
  /** The version the registration holds the agent to. */
  readonly pinned: Version | null
  /** The version of an agent that says nothing of it. */
  readonly guess: Version
}

/** The best interface of the card on the registered server, else the registered address. */
export function chooseEndpoint(
  card: JsonRecord | null,
  { url, pinned, guess }: RegisteredAddress,
): AgentEndpoint {
  const registered = new URL(url)
  const offered = card === null ? [] : listInterfaces(card, registered)
  const best =
    offered.find(({ version }) => version === (pinned ?? '1.0')) ??
    (pinned === null ? offered.find(({ version }) => version === '0.3') : undefined)
  if (best !== undefined) return { ...best, isGuess: false }
  return { address: registered, version: pinned ?? guess, tenant: null, isGuess: pinned === null }
}

type Interface = Omit<AgentEndpoint, 'isGuess'>

/** The JSON-RPC interfaces of a card of either version; those on other servers than the registered one do not count. */
function listInterfaces(card: JsonRecord, registered: URL): readonly Interface[] {
  const at = (url: unknown, version: Version, tenant: string | null): Interface[] => {
    const text = readString(url)
    const address = text !== null && URL.canParse(text) ? new URL(text) : null
    return address?.origin === registered.origin ? [{ address, version, tenant }] : []
  }
  const current = readRecords(card['supportedInterfaces']).flatMap((entry) => {
    if (entry['protocolBinding'] !== 'JSONRPC') return []
    const version = readString(entry['protocolVersion'])?.startsWith('0') === true ? '0.3' : '1.0'
    const tenant = readString(entry['tenant'])
    return at(entry['url'], version, tenant === '' ? null : tenant)
  })
  const isMain = (readString(card['preferredTransport']) ?? 'JSONRPC') === 'JSONRPC'
  const others = readRecords(card['additionalInterfaces']).filter(({ transport }) => transport === 'JSONRPC')
  const old = [...(isMain ? [card['url']] : []), ...others.map(({ url }) => url)]
  return [...current, ...old.flatMap((url) => at(url, '0.3', null))]
}
