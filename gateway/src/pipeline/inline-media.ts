import { GatewayError } from '@routeiq/contract'
import type { MediaSource, Part } from '../conversation/part.ts'
import type { ConversationRequest } from '../conversation/request.ts'

/** The bytes of an image or document, in base64. */
export interface FetchedMedia {
  /** As the server says, null when it says nothing. */
  readonly mediaType: string | null
  readonly data: string
}

/** Errors: rejects with a GatewayError (400) for what cannot be fetched. */
export type FetchMedia = (url: string) => Promise<FetchedMedia>

/** More than any model takes; each is up to 10 MiB. */
const maxAddresses = 20

/**
 * The conversation with the bytes of images and documents in place of the web addresses that the provider does not read
 * itself; at once when there are none. Errors: 400 for what cannot be fetched, or is too much.
 */
export function inlineMedia(
  conversation: ConversationRequest,
  readsMedia: (url: string) => boolean,
  fetchMedia: FetchMedia,
): ConversationRequest | Promise<ConversationRequest> {
  const addresses = new Set<string>()
  for (const { parts } of conversation.messages) collectAddresses(parts, readsMedia, addresses)
  if (addresses.size === 0) return conversation
  if (addresses.size > maxAddresses)
    throw new GatewayError(
      'invalid_request',
      `This model's provider does not fetch media, and the gateway fetches ${maxAddresses} a request at most.`,
    )
  return replaceAll(conversation, [...addresses], fetchMedia)
}

function collectAddresses(
  parts: readonly Part[],
  readsMedia: (url: string) => boolean,
  addresses: Set<string>,
): void {
  for (const part of parts) {
    if (part.type === 'tool-result') collectAddresses(part.parts, readsMedia, addresses)
    else if (part.type === 'image' || part.type === 'document') {
      const { source } = part
      if (source.kind === 'url' && /^https?:\/\//i.test(source.url) && !readsMedia(source.url))
        addresses.add(source.url)
    }
  }
}

async function replaceAll(
  conversation: ConversationRequest,
  addresses: readonly string[],
  fetchMedia: FetchMedia,
): Promise<ConversationRequest> {
  const fetched = await Promise.all(addresses.map(async (url) => [url, await fetchMedia(url)] as const))
  const found = new Map(fetched)
  const messages = conversation.messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => replacePart(part, found)),
  }))
  return { ...conversation, messages }
}

function replacePart<P extends Part>(part: P, found: ReadonlyMap<string, FetchedMedia>): P {
  if (part.type === 'tool-result')
    return { ...part, parts: part.parts.map((inner) => replacePart(inner, found)) }
  if (part.type !== 'image' && part.type !== 'document') return part
  const media = part.source.kind === 'url' ? found.get(part.source.url) : undefined
  if (media === undefined) return part
  const source: MediaSource = { kind: 'base64', ...media }
  return { ...part, source }
}
