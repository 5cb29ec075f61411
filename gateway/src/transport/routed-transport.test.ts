import { expect, it } from 'vitest'
import { ScriptedTransport } from '../relay/testing/scripted-transport.ts'
import { RoutedTransport } from './routed-transport.ts'
import type { UpstreamSink } from './transport.ts'

const sink: UpstreamSink = { onHeaders: () => {}, onData: () => true, onEnd: () => {}, onFailure: () => {} }
const request = (origin: string) => ({ origin, method: 'GET', path: '/', headers: [], body: null }) as const

it('sends each origin where it belongs and closes all', async () => {
  const closed: string[] = []
  const named = (name: string) =>
    Object.assign(new ScriptedTransport(), { close: async () => void closed.push(name) })
  const [network, local] = [named('network'), named('local')]
  const routed = new RoutedTransport(network, new Map([['http://demo', local]]))
  const call = routed.send(request('http://demo'), sink)
  routed.send(request('http://demo:81'), sink)
  routed.send(request('https://demo'), sink)
  expect([local.calls.length, network.calls.length]).toEqual([1, 2])
  expect(call).toBe(local.last)
  await routed.close()
  expect(closed.sort()).toEqual(['local', 'network'])
})
