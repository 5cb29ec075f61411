import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  type JsonRecord,
  parseJson,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { canonicalCard } from './canonical-card.ts'

/** The keys one of which must have signed an agent's card; null when any card will do. Never taken from a card. */
export function cardKeysOf({ params }: Pick<RemoteAgent, 'params'>): readonly JsonRecord[] | null {
  const keys = params['card_keys']
  return keys === undefined || keys === null ? null : readRecords(readRecord(keys)?.['keys'] ?? keys)
}

/** Whether one of the keys (JWK) has signed the card (JWS, RFC 7515). */
export function isSignedBy(card: JsonRecord, keys: readonly JsonRecord[]): boolean {
  const payload = Buffer.from(canonicalCard(card)).toString('base64url')
  return readRecords(card['signatures']).some((signature) => {
    const named = readText(signature['protected']) ?? ''
    const header = readRecord(parseJson(Buffer.from(named, 'base64url').toString('utf8')))
    const octets = Buffer.from(readText(signature['signature']) ?? '', 'base64url')
    const fitting = keys.filter(({ kid }) => kid === undefined || kid === header?.['kid'])
    return fitting.some((key) =>
      holds(String(header?.['alg']), key, Buffer.from(`${named}.${payload}`), octets),
    )
  })
}

function holds(algorithm: string, jwk: JsonRecord, signed: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' })
    return verifyWith(algorithm, key, signed, signature)
  } catch {
    return false
  }
}

/** The algorithm must be one for keys of this type: a signature does not choose. */
function verifyWith(algorithm: string, key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  switch (`${key.asymmetricKeyType} ${algorithm}`) {
    case 'ed25519 EdDSA':
    case 'ed25519 Ed25519':
      return verify(null, signed, key, signature)
    case 'ec ES256':
      return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'ec ES384':
      return verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'rsa RS256':
      return verify('sha256', signed, key, signature)
    default:
      return false
  }
}
