/**
 * Ids of the calls of one history. Clients of this dialect need not send any: then every call gets one of its own, and
 * results find their calls by name, in order, so that parallel calls of one name stay apart. The same history gives the
 * same ids every time.
 */
export class CallIds {
  #minted = 0
  /** Calls that wait for their result, by name. */
  readonly #waiting = new Map<string, string[]>()

  call(name: string, given: string | null): string {
    const id = given ?? `call_${this.#minted++}_${name.slice(0, 40)}`
    const waiting = this.#waiting.get(name)
    if (waiting === undefined) this.#waiting.set(name, [id])
    else waiting.push(id)
    return id
  }

  /** The id of the call a result answers; of its own when it answers none. */
  result(name: string, given: string | null): string {
    const waiting = this.#waiting.get(name) ?? []
    const position = given === null ? 0 : waiting.indexOf(given)
    const [id] = position === -1 ? [] : waiting.splice(position, 1)
    return id ?? given ?? `call_${this.#minted++}_${name.slice(0, 40)}`
  }
}
