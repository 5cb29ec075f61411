import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { ServerConnection } from './server-connection.ts'
import type { ServerRequest } from './server-request.ts'
import type { ServerResponse } from './server-response.ts'

function open() {
  const requests: [ServerRequest, ServerResponse][] = []
  // A stream is all that is used of a socket here.
  const socket = new PassThrough() as unknown as Socket
  const written: string[] = []
  Object.assign(socket, {
    write: (text: string) => written.push(text) > 0,
    end: () => written.push('END'),
  })
  const connection = new ServerConnection(socket, {
    listener: (request, response) => void requests.push([request, response]),
    closing: false,
    forget: () => {},
  })
  const receive = (text: string): void => void socket.emit('data', Buffer.from(text))
  return { connection, socket, requests, written, receive, begun: Date.now() }
}

it('an idle connection ends after a little more than a minute', () => {
  const { connection, socket, begun } = open()
  connection.checkTime(begun + 60_000)
  expect(socket.destroyed).toBe(false)
  connection.checkTime(begun + 66_000)
  expect(socket.destroyed).toBe(true)
})

it('half a head is given ten seconds, however its octets drip', () => {
  const { connection, written, receive, begun } = open()
  for (const octet of 'GET / HTTP/1.1\r\nhost:') receive(octet)
  connection.checkTime(begun + 9_000)
  receive(' x')
  expect(written).toEqual([])
  connection.checkTime(begun + 11_000)
  expect(written[0]).toMatch(/^HTTP\/1.1 408 /)
  expect(written[1]).toBe('END')
})

it('a request in progress has no time limit here', () => {
  const { connection, socket, receive, begun } = open()
  receive('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  connection.checkTime(begun + 3_600_000)
  expect(socket.destroyed).toBe(false)
})

it('a client that does not hang up after a refusal is cut off', () => {
  const { connection, socket, receive, begun } = open()
  receive('NONSENSE\r\n\r\n')
  connection.checkTime(begun + 1_000)
  expect(socket.destroyed).toBe(false)
  receive('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  connection.checkTime(begun + 3_000)
  expect(socket.destroyed).toBe(true)
})

it('nothing is read of what follows a refusal', () => {
  const { requests, receive } = open()
  receive('NONSENSE\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n')
  receive('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(requests).toEqual([])
})

it('a client that leaves aborts its body and closes its answer, once', () => {
  const { requests, receive, socket } = open()
  receive('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf')
  const [request, response] = requests[0] as [ServerRequest, ServerResponse]
  const events: string[] = []
  request.receive({
    onData: () => true,
    onEnd: () => events.push('end'),
    onAborted: () => events.push('aborted'),
  })
  response.onClose = () => events.push('closed')
  socket.emit('close')
  socket.emit('close')
  expect(events).toEqual(['aborted', 'closed'])
  expect(response.complete).toBe(false)
})
