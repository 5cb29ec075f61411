/** Finds the end of one JSON object in text that comes in pieces. */
export class JsonDepth {
  #depth = 0
  #isInString = false
  #isEscaped = false
  #hasEnded = false

  /** True once the object is complete; what follows is white space. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  push(text: string): void {
    for (let index = 0; index < text.length && !this.#hasEnded; index += 1) {
      const code = text.charCodeAt(index)
      if (this.#isInString) this.#readString(code)
      else if (code === quote) this.#isInString = true
      else if (code === openBrace || code === openBracket) this.#depth += 1
      else if (code === closeBrace || code === closeBracket) {
        this.#depth -= 1
        this.#hasEnded = this.#depth === 0
      }
    }
  }

  #readString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (code === backslash) this.#isEscaped = true
    else if (code === quote) this.#isInString = false
  }
}

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
