/** Octets that are not acceptable HTTP/1.1. The message says what was found: "a malformed chunked body". */
export class MalformedMessage extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'MalformedMessage'
  }
}
