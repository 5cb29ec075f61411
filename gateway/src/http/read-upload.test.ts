import { describe, expect, it } from 'vitest'
import type { BodyTarget } from '../transport/transport.ts'
import { ClientGone } from './read-body.ts'
import { readUpload, type UploadHead } from './read-upload.ts'
import { fakeHead, fakeRequest } from './testing/fake-request.ts'

const limits = { wholeBytes: 10, headBytes: 20, totalBytes: 40 }
const chunked = ['transfer-encoding: chunked']

function open(headers: readonly string[], knowsEnough: (bytes: Buffer) => boolean = () => true) {
  const { request, events } = fakeRequest(fakeHead('POST', '/upload', headers))
  const reading = readUpload(request, limits, knowsEnough)
  reading.catch(() => {})
  return { request, events, reading }
}

/** Collects what it is given; `write` answers what the test set. */
class Collector implements BodyTarget {
  text = ''
  ended = false
  failure: Error | null = null
  flowing = true

  write(chunk: Buffer): boolean {
    this.text += chunk.toString()
    return this.flowing
  }

  end(): void {
    this.ended = true
  }

  fail(error: Error): void {
    this.failure = error
  }
}

const restOf = ({ rest }: UploadHead) => {
  if (rest === null) throw new Error('there is no rest')
  return rest
}

describe('readUpload', () => {
  it('reads a small body whole', async () => {
    const { request, reading } = open(['content-length: 8'], () => {
      throw new Error('is not asked')
    })
    request.deliver(Buffer.from('abcd'))
    request.deliver(Buffer.from('efgh'))
    request.finish()
    expect(await reading).toEqual({ bytes: Buffer.from('abcdefgh'), rest: null })
  })

  it('takes a body that is here already', async () => {
    const { request } = fakeRequest(fakeHead('POST', '/', ['content-length: 2']))
    request.deliver(Buffer.from('ok'))
    request.finish()
    expect(await readUpload(request, limits, () => false)).toEqual({ bytes: Buffer.from('ok'), rest: null })
  })

  it('hands over a large body as soon as enough is known, and stops reading', async () => {
    const { request, reading } = open(['content-length: 30'], (bytes) => bytes.includes('!'))
    expect(request.deliver(Buffer.from('abcdefghijkl'))).toBe(true)
    expect(request.deliver(Buffer.from('mn!'))).toBe(false)
    const head = await reading
    expect(head.bytes.toString()).toBe('abcdefghijklmn!')
    expect(restOf(head)).toMatchObject({ length: 15, consumed: false })
  })

  it('does not know the length of a body in chunks', async () => {
    const { request, reading } = open(chunked)
    request.deliver(Buffer.from('abcdefghijkl'))
    expect(restOf(await reading).length).toBeNull()
  })

  it('refuses what is announced too large, or keeps what is wanted too far behind', async () => {
    await expect(open(['content-length: 41']).reading).rejects.toMatchObject({ code: 'request_too_large' })
    const { request, reading } = open(chunked, () => false)
    request.deliver(Buffer.alloc(21))
    await expect(reading).rejects.toMatchObject({ code: 'request_too_large', options: { param: 'model' } })
  })

  it('gives on what `knowsEnough` throws, and notices a client that leaves', async () => {
    const refused = open(chunked, () => {
      throw new Error('malformed')
    })
    refused.request.deliver(Buffer.alloc(11))
    await expect(refused.reading).rejects.toThrow('malformed')
    const left = open(chunked)
    left.request.deliver(Buffer.alloc(5))
    left.request.abort()
    await expect(left.reading).rejects.toBeInstanceOf(ClientGone)
  })
})

describe('the rest of an upload', () => {
  async function opened() {
    const { request, events, reading } = open(chunked)
    request.deliver(Buffer.from('abcdefghijkl'))
    return { request, events, rest: restOf(await reading), target: new Collector() }
  }

  it('goes on where the head ended, held pieces first', async () => {
    const { request, rest, target, events } = await opened()
    expect(request.deliver(Buffer.from('one '))).toBe(false)
    rest.pipeTo(target)
    expect(events.at(-1)).toBe('resume')
    expect(request.deliver(Buffer.from('two'))).toBe(true)
    request.finish()
    expect(target).toMatchObject({ text: 'one two', ended: true, failure: null })
    expect(rest.consumed).toBe(true)
  })

  it('may have ended before anybody wants it', async () => {
    const { request, rest, target } = await opened()
    request.deliver(Buffer.from('last'))
    request.finish()
    rest.pipeTo(target)
    expect(target).toMatchObject({ text: 'last', ended: true })
  })

  it('waits for a slow target', async () => {
    const { request, rest, target, events } = await opened()
    rest.pipeTo(target)
    target.flowing = false
    expect(request.deliver(Buffer.from('x'))).toBe(false)
    const before = events.length
    rest.resume()
    expect(events.slice(before)).toEqual(['resume'])
  })

  it('may be tried by another target as long as nothing was passed on', async () => {
    const { request, rest, target } = await opened()
    const first = new Collector()
    rest.pipeTo(first)
    rest.stop()
    expect(rest.consumed).toBe(false)
    request.deliver(Buffer.from('kept'))
    rest.pipeTo(target)
    expect(first.text).toBe('')
    expect(target.text).toBe('kept')
  })

  it('fails when it grows too large or the client leaves', async () => {
    const large = await opened()
    large.rest.pipeTo(large.target)
    large.request.deliver(Buffer.alloc(29))
    expect(large.target.failure).toMatchObject({ code: 'request_too_large' })
    expect(large.rest.problem).toBe(large.target.failure)
    const left = await opened()
    left.request.abort()
    left.rest.pipeTo(left.target)
    expect(left.target.failure).toBeInstanceOf(ClientGone)
  })
})
