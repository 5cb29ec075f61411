/**
 * Gemini refuses the turn after a tool call when the call's thought signature does not come back. Clients of other
 * dialects have no member for it but keep the id of a call, so the signature travels in it, as LiteLLM does:
 * `<id>__thought__<signature, base64url>`.
 */
const separator = '__thought__'

/** What Google documents for histories whose signatures are lost, such as those of another model. It says nothing. */
export const placeholderSignature = 'skip_thought_signature_validator'

export interface ThoughtCallId {
  /** The provider's own id of the call. */
  readonly id: string
  /** Base64 as the provider sent it, null when the id carries none. */
  readonly signature: string | null
}

/** The id clients of other dialects see. */
export function joinThoughtCallId(id: string, signature: string | null): string {
  if (signature === null || signature === placeholderSignature || id.includes(separator)) return id
  const encoded = Buffer.from(signature, 'base64').toString('base64url')
  // What is not plain base64 must come back unchanged all the same.
  const isBase64 = Buffer.from(encoded, 'base64url').toString('base64') === signature
  return `${id}${separator}${isBase64 ? encoded : `.${Buffer.from(signature).toString('base64url')}`}`
}

export function splitThoughtCallId(joined: string): ThoughtCallId {
  const start = joined.indexOf(separator)
  if (start === -1) return { id: joined, signature: null }
  const encoded = joined.slice(start + separator.length)
  const signature = encoded.startsWith('.')
    ? Buffer.from(encoded.slice(1), 'base64url').toString()
    : Buffer.from(encoded, 'base64url').toString('base64')
  return { id: joined.slice(0, start), signature: signature === '' ? null : signature }
}
