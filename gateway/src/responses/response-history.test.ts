import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import type { JsonRecord } from '../conversation/json-value.ts'
import { sampleRequest } from '../pipeline/testing/sample-request.ts'
import { KeyRing } from '../secrets/key-ring.ts'
import type { ResponseStore, StoredResponse } from '../storage/response-store.ts'
import { ResponseContent } from './response-content.ts'
import { ResponseHistory } from './response-history.ts'
import { ResponseIds } from './response-id.ts'

const content = new ResponseContent(new KeyRing(['a salt'], [], randomBytes), true)
const ids = new ResponseIds('a secret')
const id = `resp_${'0a'.repeat(16)}`

function open(patch: Partial<ResponseStore> = {}) {
  const saved: StoredResponse[] = []
  const lost: unknown[] = []
  let reads = 0
  const store: ResponseStore = {
    save: async (response) => void saved.push(response),
    find: async (wanted) => {
      reads += 1
      return saved.find((stored) => stored.id === wanted) ?? null
    },
    findChain: async (wanted) => {
      reads += 1
      return saved.filter((stored) => stored.id === wanted)
    },
    delete: async () => false,
    purge: async () => 0,
    ...patch,
  }
  const onLost = (_requestId: string, error: unknown): void => void lost.push(error)
  const history = new ResponseHistory({ store, content, ids, onLost, now: () => 1000 })
  return { history, saved, lost, reads: () => reads }
}

const ask = (body: JsonRecord) => sampleRequest({ model: 'm', ...body })

describe('ResponseHistory', () => {
  it('looks at no store for a request that stands alone', async () => {
    const { history, reads } = open()
    const request = ask({ input: [{ role: 'user', content: 'x' }] })
    expect(await history.resume(request)).toBe(request)
    expect(reads()).toBe(0)
  })

  it('puts the conversation in front of the input and leaves every other byte', async () => {
    const { history, saved } = open()
    const output = [{ id: 'msg_1', type: 'message', role: 'assistant', content: [] }]
    await history.keep(ask({ input: 'One' }), { id, output })
    expect(saved[0]).toMatchObject({
      id,
      owner: 'anonymous',
      previousId: null,
      expiresAt: 1000 + 2_592_000_000,
    })
    expect(saved[0]?.content).toMatch(/^riq2\./)
    const request = ask({ previous_response_id: id, input: 'Two', unknown: 1.5 })
    const resumed = await history.resume(request)
    const input = [
      { type: 'message', role: 'user', content: 'One' },
      ...output,
      { type: 'message', role: 'user', content: 'Two' },
    ]
    expect(resumed.body).toEqual({ model: 'm', input, unknown: 1.5 })
    expect(JSON.parse(resumed.bytes.toString())).toEqual(resumed.body)
    expect(resumed.clientBody).toBe(request.body)
  })

  it('cannot continue what is unknown, was kept under another key, or lost its beginning', async () => {
    const stored = (members: Partial<StoredResponse>): StoredResponse => ({
      id,
      owner: 'anonymous',
      previousId: null,
      model: 'm',
      content: content.write(id, { input: [], response: { id } }),
      createdAt: 0,
      expiresAt: 9,
      ...members,
    })
    const foreign = new ResponseContent(new KeyRing(['another'], [], randomBytes), true).write(id, {
      ...{ input: [], response: { id } },
    })
    for (const chain of [[], [stored({ content: foreign })], [stored({ previousId: 'resp_gone' })]]) {
      const { history } = open({ findChain: async () => chain })
      const resumed = history.resume(ask({ previous_response_id: id, input: 'x' }))
      await expect(resumed).rejects.toMatchObject({ code: 'previous_response_not_found', status: 404 })
    }
  })

  it('passes on that the database does not answer when it must be read, but never when it is written', async () => {
    const unavailable = new GatewayError('storage_unavailable', 'no answer')
    const fail = async (): Promise<never> => {
      throw unavailable
    }
    const { history, lost } = open({ findChain: fail, save: fail })
    await expect(history.resume(ask({ previous_response_id: id, input: 'x' }))).rejects.toBe(unavailable)
    await history.keep(ask({ input: 'x' }), { id, output: [] })
    expect(lost).toEqual([unavailable])
  })

  it('binds a request to the account that keeps what it continues', async () => {
    const { history } = open()
    const request = ask({ input: 'x' })
    const [deployment] = request.runtime.routing.byDeploymentId.values()
    if (deployment === undefined) throw new Error('there is no deployment')
    const publicId = history.publicId(request, deployment, 'resp_up')
    const body = { previous_response_id: publicId, input: 'x' }
    const bound = await history.resume({ ...ask(body), runtime: request.runtime })
    expect(bound.boundTo).toBe(deployment)
    expect(JSON.parse(bound.bytes.toString())).toEqual({
      model: 'm',
      previous_response_id: 'resp_up',
      input: 'x',
    })
    // The configuration no longer has the deployment.
    expect(() => history.resume(ask(body))).toThrow(
      expect.objectContaining({ code: 'previous_response_not_found' }),
    )
  })
})
