import { call } from './call-gateway.ts'

/** Where a browser has come to. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** As much of a browser as signing in needs: cookies by host name, redirects, and the one form of a page. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #stopsAt: string

  /** Does not open addresses that begin with `stopsAt`: they are an application's. */
  constructor(stopsAt: string) {
    this.#stopsAt = stopsAt
  }

  open(url: string): Promise<Page> {
    return this.#request(url, undefined)
  }

  /** Sends the form of a page with its hidden fields. */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const form = new URLSearchParams(fields)
    for (const [, name = '', value = ''] of page.text.matchAll(
      /<input type="hidden" name="([^"]+)" value="([^"]*)"/g,
    ))
      form.set(name, value)
    const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1] ?? ''
    return this.#request(new URL(action, page.url).href, form.toString())
  }

  async #request(url: string, form: string | undefined): Promise<Page> {
    if (url.startsWith(this.#stopsAt)) return { url, status: 0, text: '' }
    const { origin, hostname, pathname, search } = new URL(url)
    const cookie = this.#cookies.get(hostname)
    const answer = await call(origin, pathname + search, {
      headers: {
        ...(cookie !== undefined && { cookie }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form !== undefined && { body: form }),
    })
    const set = answer.headers['set-cookie']?.split(';')[0]
    if (set !== undefined) this.#cookies.set(hostname, set)
    const location = answer.headers['location']
    if (answer.status === 302 && location !== undefined) return this.open(new URL(location, url).href)
    return { url, status: answer.status, text: answer.text }
  }
}
