import type { PathTarget, ProviderProfile, Wire, WirePaths } from '../providers/wire.ts'
import type { Operation } from './deployment.ts'

/** A base URL taken apart and joined with every operation of a wire. */
export interface JoinedUrl {
  readonly origin: string
  /** Complete: a streamed answer always has its path where a whole one has. */
  readonly paths: WirePaths
  readonly apiBase: string
}

const versionLike = /^v\d+[a-z0-9]*$/

/**
 * Joins a base URL with the wire's paths. Trailing slashes do not matter; `/v1` may be present or absent and is
 * never doubled; other version segments (`/v3`, `/v4`) are kept as they are; a base that already ends in a full
 * operation path is used as is for that operation. A query string is sent with every call but not shown. A wire
 * without text completions answers them by chat.
 * Errors: throws an Error with a text for the operator when the URL is not usable.
 */
export function joinUrl(base: string, provider: ProviderProfile, wire: Wire, target: PathTarget): JoinedUrl {
  const url = parseBase(base)
  const own = wire.pathsFor(target)
  const written = url.pathname.replace(/\/+$/, '')
  const full = findOperation(written, own)
  const stem = full === null ? written : written.slice(0, -full.path.length)
  const root = full === null ? addVersion(stem, url.origin, provider, wire) : stem
  const path = (name: keyof WirePaths): string | null => {
    if (name === full?.operation) return written + url.search
    const below = own[name]
    return below === null ? null : root + appendQuery(below, url.search)
  }
  const chat = path('chat')
  return {
    origin: url.origin,
    paths: {
      chat,
      chatStream: path('chatStream') ?? chat,
      completion: path('completion') ?? chat,
      embedding: path('embedding'),
    },
    apiBase: url.origin + root,
  }
}

/** `search` is empty or begins with `?`. */
function appendQuery(path: string, search: string): string {
  return path.includes('?') ? path + search.replace('?', '&') : path + search
}

function parseBase(base: string): URL {
  if (!URL.canParse(base)) throw new Error(`\`${base.split('?')[0]}\` is not a URL`)
  const url = new URL(base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error('the URL must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw new Error('the URL must not hold a user name or password')
  return url
}

/** Longest first, because `/chat/completions` also ends in `/completions`. */
function findOperation(path: string, own: WirePaths): { operation: Operation; path: string } | null {
  let found: { operation: Operation; path: string } | null = null
  for (const operation of ['chat', 'completion', 'embedding'] as const) {
    const below = own[operation]
    if (below === null || !path.endsWith(below)) continue
    if (found === null || below.length > found.path.length) found = { operation, path: below }
  }
  return found
}

function addVersion(path: string, origin: string, provider: ProviderProfile, wire: Wire): string {
  if (wire.versionSegment === null) return path
  if (path.split('/').some((segment) => versionLike.test(segment))) return path
  const segment = wire.versionSegment.startsWith('/') ? wire.versionSegment : `/${wire.versionSegment}`
  // Users of the Anthropic SDK write the base without its version, users of the OpenAI SDK with it.
  if (wire.dialect === 'anthropic-messages') return path + segment
  const standard = provider.defaultBaseUrl
  if (standard !== null && `${origin}${path}${segment}` === standard.replace(/\/+$/, ''))
    return path + segment
  const expectsVersion = standard === null || new URL(standard).pathname.replace(/\/+$/, '').endsWith(segment)
  return path === '' && expectsVersion ? segment : path
}
