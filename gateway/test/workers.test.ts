import { readFileSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { hang } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { ROUTEIQ_MAX_CONCURRENT_REQUESTS: '40' },
    workers: 2,
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function chat(key: string, model = 'gpt'): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })
}

/** Statuses of requests on connections of their own, so that every worker answers some. */
async function statuses(key: string, count = 16, model = 'gpt'): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => chat(key, model)))
  return [...new Set(answers.map((answer) => answer.status))]
}

function workerPids(): number[] {
  const children = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

const requestsCounted = async (): Promise<number> => {
  const { text } = await call(gateway.url, '/metrics')
  const counts = [
    ...text.matchAll(/^gateway_request_total\{[^}]*model="gpt"[^}]*status="200"[^}]*\} (\d+)$/gm),
  ]
  return counts.reduce((sum, match) => sum + Number(match[1]), 0)
}

it('a key made on one worker works on all, and ends on all when it is deleted', async () => {
  const { key } = await gateway.createKey()
  expect(await statuses(key)).toEqual([200])
  const deleted = await call(gateway.url, '/key/delete', { key: masterKey, body: { keys: [key] } })
  expect(deleted.status).toBe(200)
  await waitUntil(
    'no worker takes the key',
    async () => {
      const seen = await statuses(key, 4)
      return seen.length === 1 && seen[0] === 401
    },
    2000,
  )
  expect(await statuses(key, 8)).toEqual([401])
})

it('the metrics are those of all workers, whichever is asked', async () => {
  const before = await requestsCounted()
  await statuses(masterKey, 20)
  expect(before).toBe(16)
  for (let ask = 0; ask < 6; ask++) expect(await requestsCounted()).toBe(36)
})

it('the limit on concurrent requests is one for all workers', async () => {
  upstream.script('gpt', hang())
  const running: ClientRequest[] = []
  const refused: number[] = []
  const send = (): void => {
    const body = { model: 'gpt', messages }
    const request = openRequest(gateway.url, '/v1/chat/completions', { key: masterKey, body })
    request.on('error', () => {})
    request.on('response', ({ statusCode = 0 }) => refused.push(statusCode))
    running.push(request)
  }
  const answered = (): boolean => refused.length + upstream.pendingRequests === running.length
  // The kernel and the primary spread connections as they like, so that one worker may be full before the other.
  for (let round = 0; round < 20 && upstream.pendingRequests < 40; round++) {
    for (let request = 0; request < 20; request++) send()
    await waitUntil('all were taken or refused', answered)
  }
  for (let request = 0; request < 20; request++) send()
  await waitUntil('all were taken or refused', answered)
  const pending = upstream.pendingRequests
  for (const request of running) request.destroy()
  await waitUntil('all are released', () => upstream.pendingRequests === 0)
  upstream.reset()
  expect(pending).toBe(40)
  expect(new Set(refused)).toEqual(new Set([503]))
})

it('SIGHUP reaches all workers', async () => {
  const model_list = ['gpt', 'added'].map((name) => deployment(name, upstream.openaiBase))
  gateway.writeConfig({ model_list })
  gateway.kill('SIGHUP')
  await waitUntil('every worker has the model', async () => {
    const seen = await statuses(masterKey, 6, 'added')
    return seen.length === 1 && seen[0] === 200
  })
})

it('a worker that dies is replaced', async () => {
  const before = workerPids()
  expect(before).toHaveLength(2)
  process.kill(before[0] ?? 0, 'SIGKILL')
  await waitUntil('there are two again', () => {
    const now = workerPids()
    return now.length === 2 && !now.includes(before[0] ?? 0)
  })
  await waitUntil('both answer', async () => {
    const seen = await statuses(masterKey, 8).catch(() => [])
    return seen.length === 1 && seen[0] === 200
  })
  const { key } = await gateway.createKey()
  expect(await statuses(key)).toEqual([200])
})

it('SIGTERM ends all of them', async () => {
  const pids = workerPids()
  gateway.kill('SIGTERM')
  expect(await gateway.exited()).toEqual({ code: 0, signal: null })
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
})
