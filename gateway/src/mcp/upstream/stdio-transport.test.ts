import type { JSONRPCMessage } from '@modelcontextprotocol/client'
import { expect, it } from 'vitest'
import { StdioTransport } from './stdio-transport.ts'

/** Writes all it has to say at once, so that it arrives in one piece. */
const program = `
const line = (message) => JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n'
const progress = [1, 2, 3].map((n) => line({ method: 'notifications/progress', params: { progressToken: 1, progress: n } }))
process.stdout.write(progress.join('') + line({ id: 1, result: {} }))
process.stdin.resume()
`

it('lets what came before an answer be heard before the answer', async () => {
  const transport = new StdioTransport(
    { command: process.execPath, args: ['-e', program], cwd: null, env: {}, runsAs: null },
    { onStart: () => {}, onStderr: () => {}, onExit: () => {} },
  )
  const heard: string[] = []
  const closed = new Promise<void>((resolve) => {
    transport.onclose = resolve
  })
  const answered = new Promise<void>((resolve) => {
    transport.onmessage = (message: JSONRPCMessage) => {
      if ('result' in message) {
        heard.push('answer')
        resolve()
      } else queueMicrotask(() => heard.push('progress'))
    }
  })
  await transport.start()
  await answered
  expect(heard).toEqual(['progress', 'progress', 'progress', 'answer'])
  await transport.close()
  await closed
})
