import type { Exchange } from '../../http/exchange.ts'

export interface ConsentQuestion {
  readonly serverName: string
  readonly serverUrl: string
  /** Null for somebody who signs in without an application. */
  readonly application: { readonly name: string; readonly returnsTo: string } | null
  /** `sk-...` and four characters; null when the page asks for the key. */
  readonly keyName: string | null
  /** What the form sends back. */
  readonly pending: string
}

/** Nothing runs on this page, and no other page can show it. */
const headers = [
  ...['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
  ...['x-frame-options', 'DENY', 'x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer'],
  ...['cache-control', 'no-store'],
]

/** Asks a person whether an account may be used, and for the key where it is not known yet. */
export function sendConsentPage(exchange: Exchange, question: ConsentQuestion, cookie: string): void {
  const { serverName, serverUrl, application, keyName, pending } = question
  const who =
    application === null
      ? '<p>You sign in for yourself.</p>'
      : `<p><b>${escapeHtml(application.name)}</b> wants to use it. You return to <code>${escapeHtml(application.returnsTo)}</code>.</p>`
  const key =
    keyName === null
      ? '<p><label>Your key of this gateway <input name="key" type="password" autocomplete="off" required></label></p>'
      : `<p>The account will belong to the key <code>${escapeHtml(keyName)}</code>. Go on only if it is yours.</p>`
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in to ${escapeHtml(serverName)}</title>
<style>body{font:1rem/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>
<h1>Sign in to ${escapeHtml(serverName)}</h1>
<p>You go on to sign in to the tool server at <code>${escapeHtml(serverUrl)}</code>. What it gives out stays in this gateway.</p>
${who}<form method="post" action="authorize">${key}
<input type="hidden" name="pending" value="${escapeHtml(pending)}">
<button name="decision" value="allow">Continue</button>
<button name="decision" value="deny" formnovalidate>Cancel</button></form></html>`
  const type = ['content-type', 'text/html; charset=utf-8']
  exchange.sendBytes(200, [...type, ...headers, 'set-cookie', cookie], Buffer.from(page))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
