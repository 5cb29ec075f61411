import type { Socket } from 'node:net'

/**
 * Hands what a socket reads to its one listener. While the socket flows and holds nothing back, reads go there without the
 * stream's own way, which emits an event and then asks for more in another step: both find a listener ready and a socket
 * that reads already. Whatever was held back while the socket was paused still comes first.
 */
export function readDirectly(socket: Socket, onData: (chunk: Buffer) => void): void {
  socket.on('data', onData)
  const push = socket.push.bind(socket)
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || socket.readableFlowing !== true || socket.readableLength > 0)
      return push(chunk, encoding)
    onData(chunk)
    return true
  }
}
