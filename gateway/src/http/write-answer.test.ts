import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAnswer, headLine } from './write-answer.ts'

describe('writing answers', () => {
  let server: Server
  let url: string
  const body = Buffer.from(JSON.stringify({ text: 'é 𝄞 \u0000 tail' }))
  const large = Buffer.alloc(300_000, 'é')

  beforeAll(async () => {
    server = createServer((request, response) => {
      const answer = request.url === '/large' ? large : body
      response.writeHead(200, ['x-first', '1', 'content-length', String(answer.length)])
      endAnswer(response, headLine('x-second', 'two') + headLine('x-odd', 'a\r\nx-injected: 1'), answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it.each(['/small', '/large'])('sends head lines and every byte of the body for %s', async (path) => {
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await fetch(url + path)
      expect(response.headers.get('x-first')).toBe('1')
      expect(response.headers.get('x-second')).toBe('two')
      expect(response.headers.get('date')).not.toBeNull()
      expect(Buffer.from(await response.arrayBuffer()).equals(path === '/large' ? large : body)).toBe(true)
    }
  })

  it('never lets a value start a line of its own', async () => {
    const response = await fetch(url)
    await response.arrayBuffer()
    expect(response.headers.get('x-injected')).toBeNull()
    expect(response.headers.get('x-odd')).toBe('a%0D%0Ax-injected%3A%201')
  })
})
