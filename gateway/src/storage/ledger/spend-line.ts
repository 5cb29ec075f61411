import type { Usage } from '../../conversation/usage.ts'
import { LineWriter } from '../../json/line-writer.ts'
import type { SpendRow } from './spend-row.ts'

/** Changes when the members do. New ones are added at the end, for lines of older versions stay readable. */
const lineVersion = 3
/** Version → members of a line, the version included. */
export const lineLengths: ReadonlyMap<unknown, number> = new Map([
  [1, 31],
  [2, 35],
  [lineVersion, 36],
])

const comma = 0x2c
const quote = 0x22
const openBracket = 0x5b
const closeBracket = 0x5d

const start = Buffer.from(`[${lineVersion},`)
const endWithoutWorkspace = Buffer.from('null]\n')
const absent = Buffer.from('null,')
const yes = Buffer.from('true,')
const no = Buffer.from('false,')
const noTags = Buffer.from('[],')

const usualBytes = 65_536
/** Names that callers make up are among them; when there are too many it starts over. */
const maxKnown = 16_384
const maxKnownLength = 256

type Text = string | null

/** Who a key belongs to, and the octets of its hash and of this. */
interface KnownCaller extends Pick<SpendRow, 'userId' | 'teamId' | 'organizationId'> {
  readonly octets: Uint8Array
}

/**
 * Writes rows as journal lines: JSON arrays, the version first, then the members in a fixed order, free of characters that
 * PostgreSQL has no form for, each with a line feed. It runs once per request, so the octets of names that come again are
 * remembered. `insertLinesStatement` reads the members by position.
 */
export class SpendLineWriter {
  readonly #out = new LineWriter(usualBytes)
  readonly #names = new Map<string, Uint8Array>()
  /** By the hash of their key. */
  readonly #callers = new Map<Text, KnownCaller>()

  /** The lines since the last `clear`; good until another is written. */
  get written(): Buffer {
    return this.#out.written
  }

  clear(): void {
    this.#out.clear()
  }

  write(row: SpendRow): void {
    const out = this.#out
    out.addOctets(start)
    this.#addText(row.requestId)
    out.addNumber(row.attempt, comma)
    this.#addName(row.callType)
    this.#addName(row.dialect)
    out.addNumber(Math.floor(row.startedAt), comma)
    if (row.firstTokenAt === null) out.addOctets(absent)
    else out.addNumber(Math.floor(row.firstTokenAt), comma)
    out.addNumber(Math.floor(row.endedAt), comma)
    this.#addCaller(row)
    this.#addText(row.endUser)
    if (row.tags.length === 0) out.addOctets(noTags)
    else out.addText(`[${row.tags.map(formatText).join(',')}],`)
    // Names of which there may be thousands are written anew: octets kept for each would be far away in memory.
    this.#addText(row.requestedModel)
    this.#addText(row.modelGroup)
    this.#addText(row.deploymentId)
    this.#addName(row.provider)
    this.#addText(row.upstreamModel)
    this.#addName(row.apiBase)
    out.addNumber(row.status, comma)
    this.#addName(row.errorCode)
    this.#addUsage(row.usage)
    out.addOctets(row.estimated ? yes : no)
    this.#addAmount(row.costNanoUsd)
    out.addOctets(row.cacheHit ? yes : no)
    this.#addName(row.strategy)
    out.addNumber(row.retries, comma)
    out.addNumber(row.fallbacks, comma)
    this.#addText(row.sessionId)
    this.#addName(row.clientIpHash)
    this.#addAmount(row.grossNanoUsd)
    this.#addAmount(row.discountNanoUsd)
    this.#addAmount(row.marginNanoUsd)
    this.#addName(row.usage?.serviceTier ?? null)
    if (row.workspaceId === null) out.addOctets(endWithoutWorkspace)
    else out.addText(`${formatText(row.workspaceId)}]\n`)
  }

  #addText(text: Text): void {
    if (text === null) this.#out.addOctets(absent)
    else if (this.#out.addPlain(text)) this.#out.addOctet(comma)
    else this.#out.addText(`${formatText(text)},`)
  }

  /** A text that many rows have. */
  #addName(name: Text): void {
    if (name === null) this.#out.addOctets(absent)
    else this.#out.addOctets(this.#names.get(name) ?? this.#learnName(name))
  }

  #learnName(name: string): Uint8Array {
    const octets = Buffer.from(`${formatText(name)},`)
    if (name.length > maxKnownLength) return octets
    if (this.#names.size >= maxKnown) this.#names.clear()
    this.#names.set(name, octets)
    return octets
  }

  /** Four members at once. */
  #addCaller({ keyHash, userId, teamId, organizationId }: SpendRow): void {
    let known = this.#callers.get(keyHash)
    const isKnown =
      known?.userId === userId && known.teamId === teamId && known.organizationId === organizationId
    if (known === undefined || !isKnown) {
      const text = [keyHash, userId, teamId, organizationId].map(formatText).join(',')
      known = { userId, teamId, organizationId, octets: Buffer.from(`${text},`) }
      if (this.#callers.size >= maxKnown) this.#callers.clear()
      this.#callers.set(keyHash, known)
    }
    this.#out.addOctets(known.octets)
  }

  #addUsage(usage: Usage | null): void {
    const out = this.#out
    if (usage === null) {
      out.addOctets(absent)
      return
    }
    out.addOctet(openBracket)
    out.addNumber(usage.inputTokens, comma)
    out.addNumber(usage.outputTokens, comma)
    out.addNumber(usage.cacheReadTokens, comma)
    out.addNumber(usage.cacheWriteTokens, comma)
    out.addNumber(usage.cacheWriteOneHourTokens, comma)
    out.addNumber(usage.reasoningTokens, comma)
    out.addNumber(usage.audioInputTokens, comma)
    out.addNumber(usage.audioOutputTokens, comma)
    out.addNumber(usage.searchCalls, closeBracket)
    out.addOctet(comma)
  }

  /** As text, because amounts may be larger than a number holds exactly. */
  #addAmount(amount: bigint | null): void {
    const out = this.#out
    if (amount === null) {
      out.addOctets(absent)
      return
    }
    out.addOctet(quote)
    const number = Number(amount)
    if (Number.isSafeInteger(number)) out.addNumber(number, quote)
    else out.addText(`${amount}"`)
    out.addOctet(comma)
  }
}

function formatText(text: Text): string {
  if (text === null) return 'null'
  const json = JSON.stringify(text)
  return json.includes('\\u') ? cleanSpendLine(json) : json
}

/** Replaces the escapes of NUL and of lone surrogates, which PostgreSQL's jsonb refuses, by U+FFFD. */
export function cleanSpendLine(line: string): string {
  // Every escape is matched, so that the text \u0000 behind an escaped backslash stays what it is.
  return line.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (found) =>
    found.length === 2 ? found : '\uFFFD',
  )
}

/** False for anything that is not a whole line of a known version: a torn write, or a file somebody edited. */
export function isSpendLine(line: string): boolean {
  try {
    const members: unknown = JSON.parse(line)
    return Array.isArray(members) && lineLengths.get(members[0]) === members.length
  } catch {
    return false
  }
}
