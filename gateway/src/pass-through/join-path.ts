import { GatewayError } from '@routeiq/contract'
import type { PassThroughTarget } from './pass-through-target.ts'

/** Where one call goes. */
export interface CallPlace {
  readonly origin: string
  /** Path and query. */
  readonly path: string
}

type PathTarget = Pick<PassThroughTarget, 'prefix' | 'origin' | 'basePath' | 'search' | 'includesSubpaths'>

const visibleAscii = /^[\x21-\x7e]*$/
const version = /\/v\d[a-z0-9]*$/
const vertexLocation = /\/projects\/[^/]+\/locations\/([a-z0-9-]+)\//

/**
 * The place of a call, from the request's own target: what stands behind the prefix is sent as it was written, so
 * that escapes survive. The router has refused dot segments in every spelling. A `key` in the query is a credential
 * and stays here.
 * Errors: 404 for a target that does not spell the prefix plainly, or goes below an endpoint without subpaths.
 */
export function joinPath(target: PathTarget, rawTarget: string, rootPath: string): CallPlace {
  const start = `${rootPath}${target.prefix}`
  const question = rawTarget.indexOf('?')
  const rawPath = question === -1 ? rawTarget : rawTarget.slice(0, question)
  const below = rawPath.startsWith(start) ? rawPath.slice(start.length) : null
  const isPlain = below !== null && (below === '' || below.startsWith('/'))
  if (!isPlain || !visibleAscii.test(below) || below.includes('\\') || below.includes('#')) throw notFound()
  if (!target.includesSubpaths && below.replace(/\/$/, '') !== '') throw notFound()
  const query = question === -1 ? '' : rawTarget.slice(question + 1)
  return {
    origin: target.origin ?? vertexOrigin(below),
    path: (joinBase(target.basePath, below) || '/') + joinQueries(target.search, query),
  }
}

/** Callers write the version themselves; a base that ends in one gives way to theirs. */
function joinBase(base: string, below: string): string {
  return version.test(base) && /^\/v\d/.test(below) ? base.replace(version, '') + below : base + below
}

function joinQueries(own: string, query: string): string {
  const kept = query.split('&').filter((pair) => pair !== '' && !isKey(pair))
  const all = [...(own === '' ? [] : [own.slice(1)]), ...kept].join('&')
  return all === '' || !visibleAscii.test(all) ? '' : `?${all}`
}

/** `key=…`, however it is escaped. */
function isKey(pair: string): boolean {
  const [name = ''] = pair.split('=')
  try {
    return decodeURIComponent(name).toLowerCase() === 'key'
  } catch {
    return true
  }
}

/** Vertex AI has a host for each location, which its paths name. */
function vertexOrigin(below: string): string {
  const location = vertexLocation.exec(below)?.[1]
  if (location === undefined)
    throw new GatewayError('not_found', 'The path must name a location: /v1/projects/…/locations/…/…')
  return location === 'global'
    ? 'https://aiplatform.googleapis.com'
    : `https://${location}-aiplatform.googleapis.com`
}

function notFound(): GatewayError {
  return new GatewayError('not_found', 'Not Found')
}
