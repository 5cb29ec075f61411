import {
  type ExchangeBytes,
  type RemoteDocument,
  type RemoteSource,
  RemoteSourceError,
} from '../remote-source.ts'
import { ask, conditionOf, readDocument } from './read-document.ts'

const maxRedirects = 3

/** A document at a URL. User and password in it are sent as Basic, and not beyond the server it names. */
export function createHttpSource(url: string, exchange: ExchangeBytes): RemoteSource {
  const address = new URL(url)
  const basic = basicOf(address)
  const fetchAt = async (
    place: URL,
    etag: string | null,
    redirects: number,
  ): Promise<RemoteDocument | null> => {
    const answer = await ask(exchange, {
      origin: place.origin,
      method: 'GET',
      path: place.pathname + place.search,
      headers: [
        ...['user-agent', 'routeiq', 'accept', 'application/yaml, text/yaml, text/plain, */*'],
        ...conditionOf(etag),
        ...(place.origin === address.origin ? basic : []),
      ],
      body: null,
    })
    const target = answer.fields.get('location')
    if (answer.status < 300 || answer.status >= 400 || target === undefined) return readDocument(answer)
    if (redirects === maxRedirects) throw new RemoteSourceError(`more than ${maxRedirects} redirects`)
    return fetchAt(followRedirect(place, target), etag, redirects + 1)
  }
  return {
    kind: 'http',
    location: `${address.origin}${address.pathname}`,
    fetch: (etag) => fetchAt(address, etag, 0),
  }
}

function followRedirect(place: URL, target: string): URL {
  const next = URL.canParse(target, place.href) ? new URL(target, place.href) : null
  if (next === null || !/^https?:$/.test(next.protocol))
    throw new RemoteSourceError('a redirect to another scheme than http or https')
  if (place.protocol === 'https:' && next.protocol === 'http:')
    throw new RemoteSourceError('a redirect from https to http')
  return next
}

function basicOf({ username, password }: URL): readonly string[] {
  if (username === '' && password === '') return []
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return ['authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]
}
