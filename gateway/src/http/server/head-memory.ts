import { CHUNKED_BODY, parseRequestHead, type RequestHead } from './parse-request-head.ts'

/**
 * Reads the heads of one connection and knows the last one again: clients send the same head with every request, but
 * for the length of the body. What is known costs two comparisons instead of a walk over every line.
 */
export class HeadMemory {
  #head: RequestHead | null = null
  /** What stands around the digits of the length; all of it, and nothing, where there is no length. */
  #before = ''
  #after = ''

  /** @throws MalformedMessage */
  read(text: string): RequestHead {
    const known = this.#head
    if (known !== null && text.startsWith(this.#before) && text.endsWith(this.#after)) {
      const length = this.#readLength(text)
      if (length !== -1) return length === known.bodyLength ? known : { ...known, bodyLength: length }
    }
    return this.#learn(text)
  }

  /** The length where only that differs from the known head, else -1. */
  #readLength(text: string): number {
    const start = this.#before.length
    const end = text.length - this.#after.length
    if (this.#after === '') return start === end ? (this.#head?.bodyLength ?? -1) : -1
    if (end - start < 1 || end - start > 15) return -1
    let length = 0
    for (let at = start; at < end; at += 1) {
      const digit = text.charCodeAt(at) - 0x30
      if (digit < 0 || digit > 9) return -1
      length = length * 10 + digit
    }
    return length
  }

  #learn(text: string): RequestHead {
    const head = parseRequestHead(text)
    const { lengthStart, lengthEnd } = head
    // A chunked body has no digits to compare, and -1 would be taken for a difference.
    this.#head = head.bodyLength === CHUNKED_BODY ? null : head
    this.#before = lengthEnd === 0 ? text : text.slice(0, lengthStart)
    this.#after = lengthEnd === 0 ? '' : text.slice(lengthEnd)
    return head
  }
}
