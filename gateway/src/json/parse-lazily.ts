import type { MemberSpan, ObjectMembers } from './object-members.ts'

/** From here on an array costs more to build than its route usually needs of it. */
const lazyBytes = 16_384
const openBracket = 0x5b

type JsonParser = (text: string) => unknown

/**
 * The object that JSON bytes stand for, its long arrays built when somebody asks for them. A conversation of a hundred
 * kilobytes that only passes through is thus never built, and its text never copied by the collector. What is wrong inside
 * such an array is found when it is built, or by whoever the bytes are passed to.
 *
 * @param object what `scanObject` found in the same bytes
 * @param parse `JSON.parse`, throwing what the caller wants thrown
 */
export function parseLazily(
  bytes: Buffer,
  object: ObjectMembers,
  parse: JsonParser,
): Record<string, unknown> {
  const lazy = object.members.filter((member) => isLazy(bytes, member, object))
  if (lazy.length === 0) return parse(bytes.toString('utf8')) as Record<string, unknown>
  let text = ''
  let position = 0
  for (const { valueStart, valueEnd } of lazy) {
    text += `${bytes.toString('utf8', position, valueStart)}null`
    position = valueEnd
  }
  const parsed = parse(text + bytes.toString('utf8', position)) as Record<string, unknown>
  for (const member of lazy) defineLazily(parsed, bytes, member, parse)
  return parsed
}

/** Whether the member is an array, without building it. */
export function holdsArray(record: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.getOwnPropertyDescriptor(record, name)?.get !== undefined || Array.isArray(record[name])
}

function isLazy(bytes: Buffer, { key, valueStart, valueEnd }: MemberSpan, object: ObjectMembers): boolean {
  if (valueEnd - valueStart < lazyBytes || bytes[valueStart] !== openBracket || key === '__proto__')
    return false
  return object.members.every((other) => other.key !== key || other.valueStart === valueStart)
}

function defineLazily(
  record: Record<string, unknown>,
  bytes: Buffer,
  { key, valueStart, valueEnd }: MemberSpan,
  parse: JsonParser,
): void {
  const define = (attributes: PropertyDescriptor): void => {
    Object.defineProperty(record, key, { enumerable: true, configurable: true, ...attributes })
  }
  define({
    get: () => {
      const value = parse(bytes.toString('utf8', valueStart, valueEnd))
      define({ value, writable: true })
      return value
    },
  })
}
