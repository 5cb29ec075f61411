import { describe, expect, it } from 'vitest'
import { editParts } from './edit-parts.ts'
import { MalformedMultipart, PartScanner, readBoundary } from './part-scanner.ts'

const file = 'binary --x \r\n--xylophone\r\n--\r\n\r\n--x- bytes'
const body = Buffer.from(
  [
    '--x',
    'Content-Disposition: form-data; name="model"',
    '',
    'whisper-1',
    '--x',
    'Content-Disposition: form-data; name="file"; filename="a;\\"b\\".wav"',
    'Content-Type: audio/wav',
    '',
    file,
    '--x',
    'content-disposition: form-data; name=empty',
    '',
    '',
    '--x--',
    '',
  ].join('\r\n'),
  'latin1',
)

function scanned(bytes: Buffer): PartScanner {
  const scanner = new PartScanner('x')
  scanner.scan(bytes)
  return scanner
}

describe('PartScanner', () => {
  it('finds fields and files, and is not fooled by what looks like a boundary', () => {
    const scanner = scanned(body)
    expect(scanner.complete).toBe(true)
    expect(scanner.parts.map(({ name, isFile }) => [name, isFile])).toEqual([
      ['model', false],
      ['file', true],
      ['empty', false],
    ])
    const [model, upload, empty] = scanner.parts
    expect(model && scanner.textOf(body, model)).toBe('whisper-1')
    expect(empty && scanner.textOf(body, empty)).toBe('')
    expect(upload && scanner.textOf(body, upload)).toBeNull()
    expect(upload && body.toString('latin1', upload.contentStart, upload.contentEnd ?? 0)).toBe(file)
  })

  it('finds the same however the body is cut', () => {
    const whole = scanned(body).parts
    for (let cut = 0; cut <= body.length; cut += 1) {
      const scanner = new PartScanner('x')
      scanner.scan(body.subarray(0, cut))
      scanner.scan(body)
      expect(scanner.parts, String(cut)).toEqual(whole)
      expect(scanner.complete).toBe(true)
    }
    const scanner = new PartScanner('x')
    for (let end = 0; end <= body.length; end += 1) scanner.scan(body.subarray(0, end))
    expect(scanner.parts).toEqual(whole)
  })

  it('knows what has not ended', () => {
    const scanner = scanned(body.subarray(0, body.indexOf('bytes')))
    expect(scanner.parts.map(({ contentEnd }) => contentEnd === null)).toEqual([false, true])
    expect(scanner.complete).toBe(false)
  })

  it('takes a preamble and a form without parts', () => {
    expect(scanned(Buffer.concat([Buffer.from('preamble\r\n'), body])).parts).toHaveLength(3)
    expect(scanned(Buffer.from('--x--\r\n'))).toMatchObject({ parts: [], complete: true })
  })

  it.each([
    ['never shows its boundary', 'a'.repeat(20_000)],
    ['has a part without a name', '--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--'],
    ['has a head without end', `--x\r\nContent-Disposition: form-data; name="${'a'.repeat(20_000)}`],
  ])('refuses a body that %s', (_, text) => {
    expect(() => scanned(Buffer.from(text))).toThrow(MalformedMultipart)
  })
})

describe('readBoundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8;boundary="a b;c"', 'a b;c'],
    ['application/json', null],
    ['multipart/mixed; boundary=abc', null],
  ])('reads %s', (type, boundary) => {
    expect(readBoundary(type)).toBe(boundary)
  })

  it('refuses a form without one', () => {
    expect(() => readBoundary('multipart/form-data')).toThrow(MalformedMultipart)
  })
})

describe('editParts', () => {
  const { parts } = scanned(body)
  const edit = (set: Record<string, string>, remove: string[] = []): string =>
    editParts(body, parts, { set: new Map(Object.entries(set)), remove: new Set(remove) }).toString('latin1')

  it('replaces and removes fields and leaves every other byte alone', () => {
    const expected = body
      .toString('latin1')
      .replace('whisper-1', 'gpt-4o')
      .replace('--x\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n', '')
    expect(edit({ model: 'gpt-4o' }, ['empty'])).toBe(expected)
    expect(scanned(Buffer.from(expected, 'latin1')).parts.map(({ name }) => name)).toEqual(['model', 'file'])
  })

  it('adds what is not there in front, and never touches a file', () => {
    const edited = Buffer.from(edit({ language: 'de', file: 'no' }, []), 'latin1')
    const again = scanned(edited)
    expect(again.parts.map(({ name, isFile }) => [name, isFile])).toEqual([
      ['language', false],
      ['file', false],
      ['model', false],
      ['file', true],
      ['empty', false],
    ])
    expect(again.parts[0] && again.textOf(edited, again.parts[0])).toBe('de')
  })

  it('returns the body itself when there is nothing to do', () => {
    expect(editParts(body, parts, { set: new Map(), remove: new Set(['nothing']) })).toBe(body)
  })
})
