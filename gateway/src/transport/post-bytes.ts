import type { Transport, UpstreamCall, UpstreamSink } from './transport.ts'

const timeoutMs = 15_000

/**
 * Posts a body to a URL and resolves with the status; the answer's body is of no interest and redirects are not
 * followed. `headers` is a flat name, value list. Rejects when there is no answer within 15 s.
 */
export function postBytes(
  transport: Transport,
  url: string,
  headers: readonly string[],
  body: string | Buffer,
): Promise<number> {
  const { origin, pathname, search, host } = new URL(url)
  return new Promise((resolve, reject) => {
    let call: UpstreamCall | null = null
    const timer = setTimeout(() => {
      call?.cancel()
      reject(new Error('no answer in time'))
    }, timeoutMs)
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      end()
    }
    const sink: UpstreamSink = {
      onHeaders: (status) => {
        settle(() => resolve(status))
        call?.cancel()
      },
      onData: () => true,
      onEnd: () => {},
      onFailure: (error) => settle(() => reject(error)),
    }
    try {
      const path = `${pathname}${search}`
      call = transport.send(
        {
          origin,
          method: 'POST',
          path,
          headers: ['host', host, ...headers],
          body: typeof body === 'string' ? Buffer.from(body) : body,
        },
        sink,
      )
    } catch (error) {
      settle(() => reject(error))
    }
  })
}
