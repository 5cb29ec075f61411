import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type ReceivedRequest, receiveRequest } from './received-request.ts'
import { answerTruly } from './steps.ts'

/** One request with the means to answer it. */
export interface Call {
  readonly request: ReceivedRequest
  readonly response: http.ServerResponse
  /** Aborted when the gateway closes the connection. */
  readonly gone: AbortSignal
}

/** What the upstream does with one request; see `steps.ts` for those ready made. */
export type Step = (call: Call) => void | Promise<void>

/** A provider that does as scripted: OpenAI at `/v1`, Anthropic and Gemini at the root, as the paths of the requests say. */
export interface ScriptedUpstream {
  /** `http://127.0.0.1:port`. */
  readonly origin: string
  /** `api_base` of an OpenAI deployment. */
  readonly openaiBase: string
  /** `api_base` of an Anthropic deployment. */
  readonly anthropicBase: string
  /** `api_base` of a Gemini deployment. */
  readonly geminiBase: string
  readonly port: number
  /** Everything received, in order. */
  readonly requests: ReceivedRequest[]
  /** The requests for one upstream model. */
  requestsFor(model: string): ReceivedRequest[]
  readonly openSockets: number
  /** Sockets ever accepted. */
  readonly acceptedSockets: number
  /** Requests answered neither wholly nor by a closed connection. */
  readonly pendingRequests: number
  /**
   * What to do with the next requests for the upstream `model`, one step each; the last one stays for all later
   * ones. Without a script a request is answered truly.
   */
  script(model: string, ...steps: [Step, ...Step[]]): void
  /** Forgets scripts and received requests. */
  reset(): void
  close(): Promise<void>
}

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const scripts = new Map<string, Step[]>()
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  let acceptedSockets = 0
  let pendingRequests = 0
  const server = http.createServer((incoming, response) => {
    pendingRequests++
    const gone = new AbortController()
    response.once('close', () => {
      pendingRequests--
      gone.abort()
    })
    response.on('error', () => {})
    void receiveRequest(incoming).then(
      (request) => {
        requests.push(request)
        return takeStep(scripts, request.model)({ request, response, gone: gone.signal })
      },
      () => response.destroy(),
    )
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket: Socket) => {
    acceptedSockets++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    origin,
    openaiBase: `${origin}/v1`,
    anthropicBase: origin,
    geminiBase: origin,
    port,
    requests,
    requestsFor: (model) => requests.filter((request) => request.model === model),
    get openSockets() {
      return sockets.size
    },
    get acceptedSockets() {
      return acceptedSockets
    },
    get pendingRequests() {
      return pendingRequests
    },
    script: (model, ...steps) => void scripts.set(model, steps),
    reset() {
      scripts.clear()
      requests.length = 0
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function takeStep(scripts: Map<string, Step[]>, model: string): Step {
  const steps = scripts.get(model)
  if (steps === undefined) return answerTruly()
  return (steps.length > 1 ? steps.shift() : steps[0]) ?? answerTruly()
}
