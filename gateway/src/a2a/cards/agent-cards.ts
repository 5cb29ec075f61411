import { type JsonRecord, parseJson, readRecord, readString } from '../../conversation/json-value.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { findSuspiciousText } from '../../json/find-suspicious-text.ts'
import { fetchBytes } from '../../transport/fetch-bytes.ts'
import type { Transport } from '../../transport/transport.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { Version } from '../protocol/methods.ts'
import { type AgentEndpoint, chooseEndpoint } from './choose-endpoint.ts'
import { cardKeysOf, isSignedBy } from './verify-card.ts'

const freshMs = 300_000
const failureMs = 30_000
const maxCardBytes = 1_048_576
/** For all the places where a card may be together: a first call waits for it. */
const timeoutMs = 10_000

/** The way to an agent's server, and who it refuses. */
export interface AgentNetwork {
  readonly transport: Transport
  readonly refuseHost: (hostname: string) => string | null
}

interface KnownCard {
  /** Null when none could be fetched. */
  readonly card: JsonRecord | null
  readonly until: number
  readonly url: string | null
}

interface KnownEndpoint {
  readonly agent: RemoteAgent
  readonly card: JsonRecord | null
  readonly endpoint: AgentEndpoint
}

export interface AgentCardsOptions {
  readonly networkOf: (agent: RemoteAgent) => AgentNetwork
  /** Whether a card counts as it was first seen, until the agent is registered anew. */
  readonly arePinned: () => boolean
  /** A card has other skills or interfaces than before. */
  readonly onChanged: (agent: RemoteAgent, isQuarantined: boolean) => void
  /** A card says what an attacker would say, and did not before. */
  readonly onSuspicious: (agent: RemoteAgent, findings: readonly string[]) => void
  readonly now: () => number
}

/** The cards that agents give of themselves, fetched when they are needed and kept for five minutes. */
export class AgentCards {
  readonly #options: AgentCardsOptions
  readonly #known = new Map<string, KnownCard>()
  readonly #fetching = new Map<string, Promise<JsonRecord | null>>()
  readonly #endpoints = new Map<string, KnownEndpoint>()
  /** Agents without a card that turned out to speak 1.0. */
  readonly #current = new Set<string>()

  constructor(options: AgentCardsOptions) {
    this.#options = options
  }

  /** The agent's own card with what was registered over it; null when it has none. An old card serves while a new one is fetched. */
  async find(agent: RemoteAgent): Promise<JsonRecord | null> {
    const known = this.#known.get(agent.agentId)
    if (known === undefined || known.url !== agent.url) return this.#fetch(agent)
    if (known.until < this.#options.now()) void this.#fetch(agent)
    return known.card
  }

  /** The agent's own card as it is now; null when it gives none that can be trusted. */
  async refresh(agent: RemoteAgent): Promise<JsonRecord | null> {
    await this.#fetch(agent)
    return this.peek(agent)
  }

  /** The agent's own card if it was fetched already. */
  peek({ agentId }: RemoteAgent): JsonRecord | null {
    return this.#known.get(agentId)?.card ?? null
  }

  /**
   * The best interface of the card on the registered server, else the registered address. Errors: AGENT_UNAVAILABLE for a
   * card nobody vouches for, and for an address that is none or may not be called.
   */
  async endpoint(agent: RemoteAgent): Promise<AgentEndpoint> {
    if (agent.url === null) throw unavailable('it was registered without an address')
    const card = await this.find(agent)
    const known = this.#endpoints.get(agent.agentId)
    if (known !== undefined && known.agent === agent && known.card === card) return known.endpoint
    if (card === null && cardKeysOf(agent) !== null) throw unavailable('its card is not signed as it must be')
    const guess = this.#current.has(agent.agentId) ? '1.0' : '0.3'
    const endpoint = chooseEndpoint(card, { url: agent.url, pinned: pinnedVersion(agent), guess })
    const refusal = this.#options.networkOf(agent).refuseHost(endpoint.address.hostname)
    if (refusal !== null) throw unavailable(`its address may not be called: ${refusal}`)
    this.#endpoints.set(agent.agentId, { agent, card, endpoint })
    return endpoint
  }

  /** What was believed of the agent's version was wrong: the card is fetched anew, and a guess goes the other way. */
  doubt(agent: RemoteAgent, version: Version): void {
    this.#known.delete(agent.agentId)
    this.#endpoints.delete(agent.agentId)
    if (version === '0.3') this.#current.add(agent.agentId)
    else this.#current.delete(agent.agentId)
  }

  forget(agentId: string): void {
    this.#known.delete(agentId)
    this.#endpoints.delete(agentId)
    this.#current.delete(agentId)
  }

  #fetch(agent: RemoteAgent): Promise<JsonRecord | null> {
    const running = this.#fetching.get(agent.agentId)
    if (running !== undefined) return running
    const fetching = this.#fetchFirst(agent).then((fetched) => {
      this.#fetching.delete(agent.agentId)
      const card = this.#judgeChange(agent, fetched)
      const kept = card ?? (cardKeysOf(agent) === null ? this.#known.get(agent.agentId)?.card : null) ?? null
      const until = this.#options.now() + (card === null ? failureMs : freshMs)
      this.#known.set(agent.agentId, { card: kept, until, url: agent.url })
      return kept
    })
    this.#fetching.set(agent.agentId, fetching)
    return fetching
  }

  /** A card that tells of other skills or addresses than before is told of; where cards are pinned it does not count. */
  #judgeChange(agent: RemoteAgent, fetched: JsonRecord | null): JsonRecord | null {
    const before = this.#known.get(agent.agentId)?.card ?? null
    if (fetched !== null) this.#judgeText(agent, fetched, before)
    if (fetched === null || before === null || essenceOf(fetched) === essenceOf(before)) return fetched
    const isPinned = this.#options.arePinned()
    this.#options.onChanged(agent, isPinned)
    return isPinned ? before : fetched
  }

  #judgeText(agent: RemoteAgent, fetched: JsonRecord, before: JsonRecord | null): void {
    const known = before === null ? [] : findSuspiciousText(before)
    const findings = findSuspiciousText(fetched)
    if (findings.some((finding) => !known.includes(finding))) this.#options.onSuspicious(agent, findings)
  }

  async #fetchFirst(agent: RemoteAgent): Promise<JsonRecord | null> {
    const { transport, refuseHost } = this.#options.networkOf(agent)
    const until = this.#options.now() + timeoutMs
    for (const url of cardAddresses(agent.url)) {
      const leftMs = until - this.#options.now()
      if (leftMs <= 0) break
      try {
        const accept = 'application/json'
        const { bytes } = await fetchBytes(url, {
          ...{
            transport,
            refuseHost,
            maxBytes: maxCardBytes,
            timeoutMs: leftMs,
            accept,
            staysAtOrigin: true,
          },
        })
        const card = readRecord(parseJson(bytes.toString('utf8')))
        const keys = cardKeysOf(agent)
        const isTrusted = card !== null && (keys === null || isSignedBy(card, keys))
        if (isTrusted && typeof card['name'] === 'string') return card
      } catch {
        // The next place may have it.
      }
    }
    return null
  }
}

/** What an agent can do and where. */
function essenceOf({ skills, url, supportedInterfaces, additionalInterfaces }: JsonRecord): string {
  return canonicalJson({ skills, url, supportedInterfaces, additionalInterfaces })
}

function unavailable(reason: string): A2aError {
  return new A2aError('AGENT_UNAVAILABLE', `This agent cannot be called: ${reason}.`)
}

/** Where a card may be: below the registered address, at its server, at the address itself. */
function cardAddresses(url: string | null): readonly string[] {
  if (url === null) return []
  const bases = [url.replace(/\/+$/, ''), new URL(url).origin]
  const wellKnown = ['agent-card.json', 'agent.json'].flatMap((file) =>
    bases.map((base) => `${base}/.well-known/${file}`),
  )
  return [...new Set([...wellKnown, url])]
}

function pinnedVersion({ params }: RemoteAgent): Version | null {
  const pinned = readString(params['protocol_version']) ?? ''
  return /^1(?:\.|$)/.test(pinned) ? '1.0' : /^0(?:\.|$)/.test(pinned) ? '0.3' : null
}
