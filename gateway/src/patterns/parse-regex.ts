/** A regular expression as a tree. `accepts` takes a UTF-16 code unit. */
export type RegexNode =
  | { readonly kind: 'character'; readonly accepts: (code: number) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number | null }
  | { readonly kind: 'start' | 'end' }

type Accepts = (code: number) => boolean

const maxRepeat = 1_000
const lineFeed = 10

/**
 * Reads the part of regular expressions that can be matched in linear time: literals, `.`, classes, groups, `|`, `^`, `$`
 * and repetitions. Errors: `SyntaxError` that says what is not understood.
 */
export function parseRegex(source: string): RegexNode {
  const reader = new Reader(source)
  const node = readChoice(reader)
  if (reader.peek() !== '') throw reader.error('there is a ) without its (')
  return node
}

class Reader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  /** The next character without taking it; empty at the end. */
  peek(): string {
    return this.#source[this.#at] ?? ''
  }

  take(): string {
    const character = this.peek()
    this.#at += 1
    return character
  }

  /** Takes `text` when it comes next. */
  takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  /** Takes what a sticky pattern finds here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)
    if (found !== null) this.#at += found[0].length
    return found
  }

  error(message: string): SyntaxError {
    return new SyntaxError(`${message} (at character ${Math.min(this.#at, this.#source.length) + 1})`)
  }
}

function readChoice(reader: Reader): RegexNode {
  const options = [readSequence(reader)]
  while (reader.takes('|')) options.push(readSequence(reader))
  const [only] = options
  return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
}

function readSequence(reader: Reader): RegexNode {
  const parts: RegexNode[] = []
  while (reader.peek() !== '' && reader.peek() !== '|' && reader.peek() !== ')') {
    parts.push(readRepeated(reader))
  }
  return { kind: 'sequence', parts }
}

function readRepeated(reader: Reader): RegexNode {
  let node = readAtom(reader)
  for (let range = readRange(reader); range !== null; range = readRange(reader)) {
    if (node.kind === 'start' || node.kind === 'end') throw reader.error('^ and $ cannot be repeated')
    node = { kind: 'repeat', node, ...range }
  }
  return node
}

/** How often something may be repeated. That it should be as few as possible changes nothing here. */
function readRange(reader: Reader): { readonly min: number; readonly max: number | null } | null {
  const range = readPlainRange(reader)
  if (range !== null) reader.takes('?')
  return range
}

function readPlainRange(reader: Reader): { readonly min: number; readonly max: number | null } | null {
  if (reader.takes('*')) return { min: 0, max: null }
  if (reader.takes('+')) return { min: 1, max: null }
  if (reader.takes('?')) return { min: 0, max: 1 }
  const found = reader.match(/\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/y)
  if (found === null) return null
  const min = Number(found[1])
  const max = found[2] === undefined ? min : found[3] === undefined ? null : Number(found[3])
  if (min > maxRepeat || (max !== null && (max < min || max > maxRepeat)))
    throw reader.error(`a repetition must be ascending and at most ${maxRepeat}`)
  return { min, max }
}

function readAtom(reader: Reader): RegexNode {
  const character = reader.take()
  switch (character) {
    case '^':
      return { kind: 'start' }
    case '$':
      return { kind: 'end' }
    case '.':
      return { kind: 'character', accepts: (code) => code !== lineFeed }
    case '(':
      return readGroup(reader)
    case '[':
      return { kind: 'character', accepts: readClass(reader) }
    case '\\':
      return { kind: 'character', accepts: readEscape(reader) }
    case '*':
    case '+':
    case '?':
      throw reader.error(`there is nothing ${character} could repeat`)
    default:
      return { kind: 'character', accepts: equals(character) }
  }
}

function readGroup(reader: Reader): RegexNode {
  if (reader.peek() === '?' && !reader.takes('?:'))
    throw reader.error('of groups with (? only (?: is understood')
  const node = readChoice(reader)
  if (!reader.takes(')')) throw reader.error('a ( has no )')
  return node
}

const isDigit: Accepts = (code) => code >= 48 && code <= 57
const isWord: Accepts = (code) =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isSpace: Accepts = (code) => code === 32 || code === 0xa0 || (code >= 9 && code <= 13)
const not =
  (accepts: Accepts): Accepts =>
  (code) =>
    !accepts(code)

const classes: Readonly<Record<string, Accepts>> = {
  ...{ d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) },
}
const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' }

function equals(character: string): Accepts {
  const wanted = character.charCodeAt(0)
  return (code) => code === wanted
}

function readEscape(reader: Reader): Accepts {
  const known = classes[reader.peek()]
  if (known !== undefined) {
    reader.take()
    return known
  }
  return equals(readEscapedCharacter(reader))
}

function readEscapedCharacter(reader: Reader): string {
  const code = reader.match(/x([0-9a-f]{2})|u([0-9a-f]{4})/iy)
  if (code !== null) return String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? '', 16))
  const character = reader.take()
  if (character === '') throw reader.error('the pattern ends with a \\')
  const control = controls[character]
  if (control !== undefined) return control
  if (/[a-z0-9]/i.test(character)) throw reader.error(`\\${character} is not understood`)
  return character
}

function readClass(reader: Reader): Accepts {
  const isNegated = reader.takes('^')
  const members: Accepts[] = []
  for (let isFirst = true; isFirst || !reader.takes(']'); isFirst = false) {
    if (isFirst && reader.takes(']')) {
      members.push(equals(']'))
      continue
    }
    members.push(readMember(reader))
  }
  const accepts: Accepts = (code) => members.some((member) => member(code))
  return isNegated ? not(accepts) : accepts
}

function readMember(reader: Reader): Accepts {
  const first = readClassCharacter(reader)
  if (typeof first === 'function' || reader.match(/-(?!\])/y) === null)
    return typeof first === 'function' ? first : equals(first)
  const last = readClassCharacter(reader)
  if (typeof last === 'function') throw reader.error('a range ends with a class')
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)]
  if (from > to) throw reader.error(`the range ${first}-${last} runs backwards`)
  return (code) => code >= from && code <= to
}

function readClassCharacter(reader: Reader): string | Accepts {
  const character = reader.take()
  if (character === '') throw reader.error('a [ has no ]')
  if (character !== '\\') return character
  const known = classes[reader.peek()]
  if (known === undefined) return readEscapedCharacter(reader)
  reader.take()
  return known
}
