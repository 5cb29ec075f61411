import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { readDirectly } from './read-directly.ts'

function open() {
  // A stream is all that is used of a socket here.
  const socket = new Duplex({ read() {}, write() {} }) as unknown as Socket
  const read: string[] = []
  readDirectly(socket, (chunk) => void read.push(chunk.toString()))
  const arrive = (text: string): boolean => socket.push(Buffer.from(text))
  return { socket, read, arrive }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('hands on what arrives at once', async () => {
  const { read, arrive } = open()
  await nextTurn()
  expect(arrive('one')).toBe(true)
  expect(read).toEqual(['one'])
})

it('holds back what arrives while the socket is paused, and keeps the order', async () => {
  const { socket, read, arrive } = open()
  await nextTurn()
  arrive('one')
  socket.pause()
  arrive('two')
  expect(read).toEqual(['one'])
  socket.resume()
  arrive('three')
  await nextTurn()
  arrive('four')
  expect(read.join(' ')).toBe('one two three four')
})

it('asks for no more when a paused socket holds enough, and ends as sockets do', async () => {
  const { socket, arrive } = open()
  let hasEnded = false
  socket.on('end', () => {
    hasEnded = true
  })
  await nextTurn()
  socket.pause()
  expect(arrive('x'.repeat(socket.readableHighWaterMark))).toBe(false)
  socket.resume()
  await nextTurn()
  expect(arrive('y')).toBe(true)
  socket.push(null)
  await nextTurn()
  expect(hasEnded).toBe(true)
})
