import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChunkWriter } from './chunk-writer.ts'

describe('ChunkWriter', () => {
  let server: Server
  let port: number
  let answer: (response: ServerResponse) => void = () => {}

  beforeAll(async () => {
    server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const body = ['data: é\n\n', 'x'.repeat(70_000), '', 'data: [DONE]\n\n']
  const stream = (response: ServerResponse): void => {
    response.writeHead(200, ['content-type', 'text/event-stream'])
    const writer = new ChunkWriter(response, () => {})
    for (const part of body) if (part !== '') writer.write(part, 'utf8')
    writer.end('last')
  }

  it('arrives whole, over and over on one connection', async () => {
    answer = stream
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await fetch(`http://127.0.0.1:${port}`)
      expect(response.headers.get('transfer-encoding')).toBe('chunked')
      expect(await response.text()).toBe(`${body.join('')}last`)
    }
  })

  async function exchangeRaw(request: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    socket.write(request)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }

  it('is not framed for a client that knows no chunks', async () => {
    answer = stream
    const text = await exchangeRaw('GET / HTTP/1.0\r\n\r\n')
    expect(text).not.toContain('chunked')
    expect(text.endsWith(`${body.join('')}last`)).toBe(true)
  })

  it('keeps pipelined answers in order and apart', async () => {
    let number = 0
    answer = (response) => {
      number += 1
      const own = number
      response.writeHead(200)
      const writer = new ChunkWriter(response, () => {})
      // The first answer is the last to finish, so the second has no socket yet while it is written.
      setTimeout(() => writer.end(`answer ${own}`), own === 1 ? 30 : 0)
    }
    const head = 'Host: x\r\n'
    const text = await exchangeRaw(
      `GET / HTTP/1.1\r\n${head}\r\nGET / HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
    )
    expect(text.split('\r\n').filter((line) => line.startsWith('answer'))).toEqual(['answer 1', 'answer 2'])
  })

  it('says when the client is slow and when it has caught up', async () => {
    const drained = new Promise<void>((resolve) => {
      answer = (response) => {
        response.writeHead(200)
        const writer: ChunkWriter = new ChunkWriter(response, () => {
          writer.end(null)
          resolve()
        })
        while (writer.write('x'.repeat(100_000), 'latin1'));
      }
    })
    const response = await fetch(`http://127.0.0.1:${port}`)
    await response.arrayBuffer()
    await drained
  })
})
